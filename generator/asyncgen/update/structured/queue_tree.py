"""The queue table as a tree: the members of the class `Queue`, by name."""

import ast

from ...module_files import NO_PYTHON
from .tree import Entry, Group, Leaf, UnmergeableError, gap

__all__ = ["read_queue_table"]


def read_queue_table(text: str) -> Group:
    """The tree of a queues.py: one entry whose head and tail are the text before and after the members."""
    try:
        found = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == "Queue"]
    except NO_PYTHON as error:
        raise UnmergeableError(str(error)) from error
    body = found[0].body if len(found) == 1 else []
    first = next((number for number, node in enumerate(body) if isinstance(node, ast.Assign)), None)
    if first is None:
        raise UnmergeableError("no class Queue with members")
    lines = [f"{line}\n" for line in text.split("\n")[:-1]]
    begin = at = (body[first - 1].end_lineno if first else found[0].lineno) or 0
    members = []
    for node in body[first:]:
        end = node.end_lineno or 0
        if node.lineno <= at:
            raise UnmergeableError("two members in a line")
        blank, lead = gap("".join(lines[at : node.lineno - 1]))
        written = "".join(lines[node.lineno - 1 : end])
        members.append(Entry(_name(node), blank, lead, "", Leaf(written, _data(node)), ""))
        at = end
    keys = [member.key for member in members]
    if len(set(keys)) < len(keys):
        raise UnmergeableError("a member that is there twice")
    group = Group("map", tuple(members), indent=body[first].col_offset)
    return Group("map", (Entry("Queue", "", "", "".join(lines[:begin]), group, "".join(lines[at:])),))


def _data(node: ast.stmt) -> str:
    """A member's syntax tree as text; the two names of its longest run are the same."""
    return ast.dump(node).replace("keyword(arg='longest_run',", "keyword(arg='max_runtime',")


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ast.dump(node)
