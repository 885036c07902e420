"""A structured text as a tree whose parts, put together again in their order, are the text, byte for byte.

A merge moves parts from one tree into another. Nothing is dumped, so comments, quotes, anchors and blank lines stay as
they were written, whatever their style.
"""

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

__all__ = ["Entry", "Group", "Leaf", "UnmergeableError", "gap", "mapping_data", "rest_of_line", "shifted"]

_GAP = re.compile(r"((?:[ \t]*\n)*)((?:[ \t]*(?:#[^\n]*)?\n)*)")
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?\n")


class UnmergeableError(ValueError):
    """The text has no such tree, or both sides changed the same part."""


@dataclass(frozen=True)
class Leaf:
    """A value that is merged as a whole; `data` is its parsed value, to be compared."""

    text: str
    data: Any


@dataclass(frozen=True)
class Entry:
    """A key with its value, or an item of a sequence.

    blank: the blank lines before it; for an item of an array in one line, the blanks.
    lead: the comments above it, whole lines.
    head: from the start of its line up to the value; `tail`: what follows the value, with the line's end.
    """

    key: Hashable
    blank: str
    lead: str
    head: str
    value: "Leaf | Group"
    tail: str

    @property
    def text(self) -> str:
        """All that it takes in the file."""
        return self.written("")

    def written(self, comma: str) -> str:
        """The same, with a comma after the value."""
        text = self.value.text
        if isinstance(self.value, Group) and not self.value.flow and not self.head.endswith("\n"):
            # `- name: x`: the first key stands in the line of the dash, where the tree has an indentation.
            if text[: len(self.head)].strip():
                raise UnmergeableError("a comment in the line of a dash")
            text = text[len(self.head) :]
        return f"{self.blank}{self.lead}{self.head}{text}{comma}{self.tail}"


@dataclass(frozen=True)
class Group:
    """A mapping, or a sequence.

    kind: "map" and "set" have entries in any order, by key; the order of a "list" says something.
    flow: between brackets, with commas; else one entry a line or more.
    foot: comments after the last entry.
    indent: the column of the entries.
    comma: whether the last item of an array has a comma too.
    """

    kind: Literal["map", "set", "list"]
    entries: tuple[Entry, ...] = ()
    flow: bool = False
    foot: str = ""
    indent: int = 0
    comma: bool = True

    @property
    def text(self) -> str:
        """All that it takes in the file."""
        last = len(self.entries) - 1
        commas = ("," if self.flow and (self.comma or number < last) else "" for number in range(last + 1))
        return "".join(entry.written(comma) for entry, comma in zip(self.entries, commas, strict=True)) + self.foot

    @property
    def data(self) -> Any:
        """Its parsed value, to be compared: without its spelling, and without the order where that has no meaning."""
        if self.kind == "list":
            return [entry.value.data for entry in self.entries]
        return mapping_data((entry.key, entry.value.data) for entry in self.entries)

    @property
    def in_lines(self) -> bool:
        """Whether an array has one item a line."""
        return self.flow and any("\n" in entry.tail for entry in self.entries)


def mapping_data(pairs: Iterable[tuple[Hashable, Any]]) -> dict[Hashable, list[Any]]:
    """The values by key: TOML's arrays of tables have a key more than once."""
    data: dict[Hashable, list[Any]] = {}
    for key, value in pairs:
        data.setdefault(key, []).append(value)
    return data


def gap(text: str) -> tuple[str, str]:
    """The blank lines, and the comments after them, of the lines before an entry."""
    found = _GAP.fullmatch(text)
    if found is None:
        raise UnmergeableError("something beside blank lines and comments between two entries")
    return found[1], found[2]


def rest_of_line(text: str, at: int) -> str:
    """A comment and the line's end, if nothing else follows in the line; else ""."""
    found = _REST.match(text, at)
    return found[0] if found else ""


def shifted(entry: Entry, by: int) -> Entry:
    """The entry, indented by so many columns more."""
    if not by:
        return entry
    value = entry.value
    if isinstance(value, Leaf):
        first, newline, rest = value.text.partition("\n")
        value = replace(value, text=first + newline + _shifted(rest, by))
    elif not value.flow:
        entries = tuple(shifted(inner, by) for inner in value.entries)
        value = replace(value, entries=entries, foot=_shifted(value.foot, by), indent=value.indent + by)
    return replace(entry, lead=_shifted(entry.lead, by), head=_shifted(entry.head, by), value=value)


def _shifted(text: str, by: int) -> str:
    lines = (line if not line.strip() else " " * by + line if by > 0 else _cut(line, -by) for line in text.split("\n"))
    return "\n".join(lines)


def _cut(line: str, by: int) -> str:
    return line[min(by, len(line) - len(line.lstrip(" "))) :]
