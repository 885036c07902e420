"""An array between brackets, of YAML or TOML, as a group of its items."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .tree import Entry, Group, Leaf, UnmergeableError, gap, rest_of_line

__all__ = ["Item", "read_array"]

_NEXT = re.compile(r"(,?)([ \t]*(?:#[^\n]*)?\n)?")


@dataclass(frozen=True)
class Item:
    """Where an item is in the text, and its parsed value."""

    start: int
    end: int
    key: Hashable
    data: Any


def read_array(
    text: str, start: int, end: int, items: Sequence[Item], kind: Literal["set", "list"]
) -> tuple[str, Group, str] | None:
    """What stands between the brackets, from `start` to `end`: the rest of the first line, the items, and what follows
    them in the last line. None for an array that is written otherwise, such as with a comma in front of each item.
    """
    opening = rest_of_line(text, start)
    at = start + len(opening)
    entries, commas = [], []
    try:
        for item in items:
            before, newline, head = text[at : item.start].rpartition("\n")
            blank, lead = gap(before + newline)
            if not newline and text[at - 1] != "\n":
                blank, head = head, ""
            following = _NEXT.match(text, item.end)
            comma, tail = (following[1], following[2] or "") if following else ("", "")
            at = item.end + len(comma + tail)
            entries.append(Entry(item.key, blank, lead, head, Leaf(text[item.start : item.end], item.data), tail))
            commas.append(bool(comma))
        foot, newline, closing = text[at:end].rpartition("\n")
        gap(foot + newline)
    except UnmergeableError:
        return None
    if not all(commas[:-1]) or closing.strip():
        return None
    group = Group(kind, tuple(entries), flow=True, foot=foot + newline, indent=len(entries[0].head), comma=commas[-1])
    return opening, group, closing
