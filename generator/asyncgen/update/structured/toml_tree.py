"""TOML as a tree: tables, their keys, and the items of arrays. tomllib says what each of them means."""

import re
import tomllib
from collections.abc import Hashable, Iterable
from typing import Any, Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from .arrays import Item, read_array
from .tree import Entry, Group, Leaf, UnmergeableError, gap, rest_of_line

__all__ = ["read_toml"]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'|"
    r"#[^\n]*|[\[\]{},\n]|[^\s\"'#\[\]{},]+",
    re.DOTALL,
)
_SPACE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*")
_OWN = re.compile(r"(?:[ \t]*#[^\n]*\n)+(?=[ \t]*\n)")
_HEADER = re.compile(r"[ \t]*\[[^\n]*\n")
_KEY = re.compile(r"(?:\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|[^\"'=\n])+=[ \t]*")


def read_toml(text: str) -> Group:
    """The tree of a document; its tables and dotted keys are known by their paths. ValueError for a text without."""
    tomllib.loads(text)
    tables: list[Entry] = []
    at = 0
    while _after_space(text, at) < len(text):
        tables.append(_table(text, at))
        at += len(tables[-1].text)
    _check_arrays(entry.head for entry in tables)
    return Group("map", tuple(tables), foot=text[at:])


def _table(text: str, at: int) -> Entry:
    """The table whose header, or keys without one at the top, are next."""
    begin = _after_space(text, at)
    header = _HEADER.match(text, begin)
    blank, lead, head = (*gap(text[at:begin]), header[0]) if header else ("", "", "")
    at = header.end() if header else at
    keys: list[Entry] = []
    while (begin := _after_space(text, at)) < len(text) and not _HEADER.match(text, begin):
        keys.append(_key(text, at, begin))
        at += len(keys[-1].text)
    # Comments below a table are its own up to a blank line.
    own = _OWN.match(text, at, begin)
    body = Group("map", tuple(keys), foot=own[0] if own else "")
    key: Hashable = _path(head) if head else ()
    if head.lstrip().startswith("[["):
        # One of several: known by what it says first.
        key = ("[[", key, *((entry.key, repr(entry.value.data)) for entry in keys[:1]))
    return Entry(key, blank, lead, head, body, "")


def _key(text: str, at: int, begin: int) -> Entry:
    blank, lead = gap(text[at:begin])
    found = _KEY.match(text, begin)
    if found is None:
        raise UnmergeableError("a line that is no key")
    head, start = found[0], found.end()
    end, spans = _value(text, start)
    tail = rest_of_line(text, end)
    if not tail:
        raise UnmergeableError("something beside a comment behind a value")
    path = _path(f"{head}0")
    items = [_item(text, *span) for span in spans]
    kind: Literal["set", "list"] = "set" if all(isinstance(item.key, str) for item in items) else "list"
    array = read_array(text, start + 1, end - 1, items, kind) if items else None
    if array is None:
        return Entry(path, blank, lead, head, Leaf(text[start:end], repr(_says(text[start:end]))), tail)
    opening, group, closing = array
    return Entry(path, blank, lead, f"{head}[{opening}", group, f"{closing}]{tail}")


def _value(text: str, start: int) -> tuple[int, list[tuple[int, int]]]:
    """Where the value ends that begins at `start`, and where each item of an array begins and ends."""
    depth, end = 0, start
    spans: list[tuple[int, int]] = []
    item: tuple[int, int] | None = None
    for token in _TOKEN.finditer(text, start):
        word = token[0]
        if word == "\n" and not depth:
            break
        if word == "\n" or word.startswith("#"):
            continue
        end = token.end()
        depth -= word in ("]", "}")
        if depth == 0 or (depth == 1 and word == ","):
            spans += [item] if item else []
            item = None
        else:
            item = (item[0] if item else token.start(), end)
        depth += word in ("[", "{")
    return end, spans if text.startswith("[", start) else []


def _item(text: str, start: int, end: int) -> Item:
    """An item of an array: a dependency is known by its name, and stays what it is with another version."""
    data = _says(text[start:end])
    try:
        key: Hashable = canonicalize_name(Requirement(data).name) if isinstance(data, str) else None
    except InvalidRequirement:
        key = None
    return Item(start, end, key or ("item", repr(data)), repr(data))


def _says(text: str) -> Any:
    return tomllib.loads(f"value = {text}\n")["value"]


def _check_arrays(headers: Iterable[str]) -> None:
    """Refuse tables inside of arrays of tables: which of them they belong to, their headers do not say."""
    known = [(_path(head), head.lstrip().startswith("[[")) for head in headers if head]
    for array in {path for path, several in known if several}:
        if any(path != array and path[: len(array)] == array for path, _ in known):
            raise UnmergeableError("a table in an array of tables")


def _path(text: str) -> tuple[str, ...]:
    """The keys that a header or the start of a line names."""
    found, path = tomllib.loads(text), []
    while isinstance(found, dict) and found:
        name, inner = next(iter(found.items()))
        path.append(name)
        found = inner[0] if isinstance(inner, list) else inner
    return tuple(path)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
