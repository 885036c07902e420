"""Queues that the user's files name, or that the user added, stay in the table when another layout has no such line.

Task files are the user's, and messages wait in the old queues: both go on, until the user moves the tasks and removes
the line. What sync-queues derives from the table, such as the workers in compose.yaml, is no edit of the user's: both
renders are brought up to the table before they are compared.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

from ..bundle import File
from ..changes import plain
from ..module_files import NO_PYTHON
from ..queues import plan_sync
from ..queues.derived import derive
from ..service import Service, find_service, read_queues
from ..trees import Tree, fill
from .scratch import three_way
from .structured import merge_queue_tables
from .uses import queues_named

__all__ = ["with_queues"]


def with_queues(
    base: dict[str, File], theirs: dict[str, File], service: Service, scratch: Path
) -> tuple[dict[str, File], dict[str, File], list[str]]:
    """Both renders with the queues that the service has, and needs afterwards; a note for each that was kept."""
    table = f"src/{service.package}/queues.py"
    if table not in base or table not in theirs or not service.queue_table.is_file():
        return base, theirs, []
    ours = plain(service.queue_table.read_bytes())
    try:
        ours.decode()
    except UnicodeDecodeError:
        return base, theirs, [f"{table} is no UTF-8 text: run asyncgen sync-queues once it is."]
    gone = _members(ours.decode()).keys() - _members(theirs[table].content.decode()).keys()
    named = queues_named(service, base) if gone else {}
    text, kept = _kept(ours, base[table].content, theirs[table].content, set(named), scratch)
    if text is None or (ours == base[table].content and text == theirs[table].content):
        return base, theirs, []
    notes = [
        f"{name} stays in {table}, since {', '.join(named[name])} names it; "
        "move the tasks and drain the queue before you remove the line, and run asyncgen sync-queues then."
        for name in kept
        if name in named and f"    {name} = ".encode() in base[table].content
    ]
    before, _ = _synced(base, table, ours, scratch / "queues-before" / service.root.name)
    # Where sync-queues has not run since the table was edited, the project's file still follows from the render's.
    before |= {path: base[path] for path in _unsynced(service, ours, base[table].content) & base.keys()}
    after, undone = _synced(theirs, table, text, scratch / "queues-after" / service.root.name)
    return before, after, notes + undone


def _kept(ours: bytes, base: bytes, theirs: bytes, named: set[str], scratch: Path) -> tuple[bytes | None, list[str]]:
    """The table as it will be, None for one that only the user can merge; and the lines that the template lacks."""
    before = _members(ours.decode())
    added = before.keys() - _members(base.decode()).keys()
    by_lines = three_way(scratch, ours, base, theirs)
    clean = by_lines is not None and b"<<<<<<< " not in by_lines
    text = merge_queue_tables(ours, base, theirs, by_lines if clean else None) or (by_lines if clean else None)
    if text is None:
        return None, []
    after = _members(text.decode())
    lines = {name: line for name, line in before.items() if name not in after and name in added | named}
    if not after:
        return None, []
    return (_with(text.decode(), lines).encode() if lines else text), list(lines)


def _synced(tree: Tree, table: str, text: bytes, folder: Path) -> tuple[dict[str, File], list[str]]:
    """A render with that table and what follows from it, and what could not be done."""
    files = {**tree, table: File(text)}
    _, edits = plan_sync(find_service(fill(folder, files)))
    for edit in edits:
        if edit.outcome == "done":
            files[edit.path] = File(edit.content.encode(), files[edit.path].executable)
    return files, [edit.advice for edit in edits if edit.outcome == "unable"]


def _unsynced(service: Service, ours: bytes, base: bytes) -> set[str]:
    """The project's files that follow from the render's queue table, and not from its own."""
    mine, rendered = (
        {edit.path: edit.outcome for edit in derive(service, read_queues(table.decode()))} for table in (ours, base)
    )
    return {path for path, outcome in mine.items() if outcome == "done" and rendered[path] == "already"}


def _members(source: str) -> dict[str, str]:
    """The lines of `Queue`, by member."""
    try:
        tree = ast.parse(source)
    except NO_PYTHON:
        return {}
    lines = source.splitlines(keepends=True)
    return {
        target.id: "".join(lines[node.lineno - 1 : node.end_lineno])
        for queue in tree.body
        if isinstance(queue, ast.ClassDef) and queue.name == "Queue"
        for node in queue.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _with(source: str, lines: Mapping[str, str]) -> str:
    """The queue table with these lines after its last one."""
    last = max(
        node.end_lineno or 0
        for queue in ast.parse(source).body
        if isinstance(queue, ast.ClassDef) and queue.name == "Queue"
        for node in queue.body
    )
    text = source.splitlines(keepends=True)
    return "".join([*text[:last], *lines.values(), *text[last:]])
