"""YAML as a tree: each line of the text belongs to one entry."""

import re

from .arrays import Item, read_array
from .tree import Entry, Group, Leaf, UnmergeableError, gap, rest_of_line
from .yaml_nodes import Node, read_nodes

__all__ = ["read_yaml"]

_START = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*---[ \t]*\n")
_DASH = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*([ ]*)-(?=[ \n])")


def read_yaml(text: str) -> Group:
    """The tree of a document; UnmergeableError for one whose entries do not begin their lines."""
    root = read_nodes(text)
    if not root.children or root.flow:
        raise UnmergeableError("a document that is no block of entries")
    return _Reader(text).group(root, 0, len(text))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def group(self, node: Node, begin: int, end: int) -> Group:
        """The entries of a block that takes the text from `begin` to `end`."""
        lines = self.lines(node, begin)
        first = node.children[0][1] if node.is_map else self.text.index("-", lines[0])
        column = first - self.line(first)
        entries, at = [], begin
        for (key, start, value), line, stop in zip(node.children, lines, [*lines[1:], end], strict=True):
            blank, lead = self.gap(at, line)
            head, inner, tail, at = self.entry(line, value, stop, column)
            # A key behind a dash begins in its line: in the tree it is indented like the others.
            behind = column if line == start else 0
            entries.append(Entry(key, blank, lead, " " * behind + head, inner, tail))
        gap(self.text[at:end])
        return Group("map" if node.is_map else "list", tuple(entries), foot=self.text[at:end], indent=column)

    def lines(self, node: Node, begin: int) -> list[int]:
        """Where each entry begins: with its line, but for a key behind a dash."""
        if not node.is_map:
            ends = [begin, *(self.end(value.end) for _, _, value in node.children[:-1])]
            return [dash.start(1) for dash in (_DASH.match(self.text, at) for at in ends) if dash]
        starts = [start for _, start, _ in node.children]
        lines = [max(self.line(start), begin) for start in starts]
        if any(self.text[line:start].strip() for line, start in zip(lines, starts, strict=True)):
            raise UnmergeableError("a key that does not begin its line")
        return lines

    def entry(self, line: int, value: Node, stop: int, column: int) -> tuple[str, Leaf | Group, str, int]:
        """The head, the value and the tail of the entry that begins at `line`, and where it ends."""
        text, at = self.text, self.end(value.end)
        if value.children and not value.flow:
            first = value.children[0][1]
            begin = first if self.line(first) == self.line(line) else self.end(line)
            # Comments below belong to it if they are indented further than it, else to what follows.
            at += _foot(text[at:stop], column)
            return text[line:begin], self.group(value, begin, at), "", at
        tail = rest_of_line(text, value.end)
        if not tail:
            raise UnmergeableError("something beside a comment behind a value")
        items = [Item(item.start, item.end, key, item.data) for key, _, item in value.children]
        array = read_array(text, value.start + 1, value.end - 1, items, "list") if items else None
        head = text[line : value.start]
        if array is None:
            return head, Leaf(text[value.start : value.end], value.data), tail, at
        opening, group, closing = array
        return f"{head}[{opening}", group, f"{closing}]{tail}", at

    def gap(self, begin: int, end: int) -> tuple[str, str]:
        """The blank lines and the comments from `begin` to `end`; at the top, the document's start as well."""
        start = None if begin else _START.match(self.text, 0, end)
        if start is None:
            return gap(self.text[begin:end])
        gap(self.text[start.end() : end])
        return "", self.text[:end]

    def line(self, at: int) -> int:
        """The start of the line."""
        return self.text.rfind("\n", 0, at) + 1

    def end(self, at: int) -> int:
        """The start of the next line."""
        return self.text.index("\n", at) + 1


def _foot(text: str, column: int) -> int:
    """How much of the lines below an entry belongs to it: up to the last comment that is indented further."""
    taken = at = 0
    for line in text.split("\n"):
        at += len(line) + 1
        if line.strip():
            if len(line) - len(line.lstrip(" ")) <= column:
                break
            taken = at
    return taken
