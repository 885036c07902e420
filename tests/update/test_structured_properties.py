"""Merges of random YAML and TOML: what they say is what a merge of plain values says, and no comment of the user's is
lost. ASYNCGEN_FUZZ raises the number of cases.
"""

import os
import random
import tomllib
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncgen.update.structured import merge_structured

CASES = int(os.environ.get("ASYNCGEN_FUZZ", "40"))
SEEDS = st.integers(0, 2**32)
GONE = object()
Document = dict[str, Any]
Notes = Callable[[str], list[str]]


class BothError(Exception):
    """Both sides changed the same."""


def document(at: random.Random, path: str, depth: int = 0) -> Document:
    """A mapping of words and numbers, lists of words, and mappings; in YAML of lists of named items too."""
    makers: list[Callable[[], Any]] = [lambda: at.randrange(9), lambda: word(at), lambda: words(at)]
    if path.endswith(".yaml"):
        makers.append(lambda: [{"name": name, "size": at.randrange(9)} for name in words(at)])
    made = {word(at): at.choice(makers)() for _ in range(at.randint(1, 4))}
    return made | {word(at): document(at, path, depth + 1) for _ in range(at.randint(0, 2 - depth))}


def word(at: random.Random) -> str:
    return "w" + "".join(at.choices("abcdef", k=2))


def words(at: random.Random) -> list[str]:
    return sorted({word(at) for _ in range(at.randint(1, 4))})


def edited(value: Any, at: random.Random, mark: str, rate: float) -> Any:
    """With some entries changed, removed and added; what is added has the mark in its name."""
    if isinstance(value, dict):
        entries = [(key, edited(inner, at, mark, rate)) for key, inner in value.items() if at.random() > rate]
        if at.random() < 2 * rate or not entries:
            new = (mark + word(at), at.choice([1, "x", ["p", "q"], {"in": 1}]))
            entries.insert(at.randint(0, len(entries)), new)
        return dict(entries)
    if isinstance(value, list):
        items = [
            {**item, "size": edited(item["size"], at, mark, rate)} if isinstance(item, dict) else item
            for item in value
            if at.random() > rate
        ]
        if at.random() < 2 * rate or not items:
            new_item = mark + word(at)
            items.insert(
                at.randint(0, len(items)), {"name": new_item, "size": 1} if isinstance(value[0], dict) else new_item
            )
        return items
    return f"{mark}{value}" if at.random() < rate else value


def plain(ours: Any, base: Any, theirs: Any) -> Any:
    """The merge of plain values; of lists only what is in them."""
    ours, base, theirs = (by_name(value) for value in (ours, base, theirs))
    if theirs == base or ours == theirs:
        return ours
    if ours == base:
        return theirs
    if not all(isinstance(value, dict) for value in (ours, base, theirs)):
        raise BothError
    found = {key: plain(*(side.get(key, GONE) for side in (ours, base, theirs))) for key in ours.keys() | theirs.keys()}
    return {key: value for key, value in found.items() if value is not GONE}


def by_name(value: Any) -> Any:
    if isinstance(value, list):
        return {item["name"] if isinstance(item, dict) else item: by_name(item) for item in value}
    return {key: by_name(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def in_yaml(value: Document, notes: Notes, path: str = "", indent: str = "") -> str:
    """As a person writes it, with a note above some entries."""
    text = ""
    for key, inner in value.items():
        here = f"{path}/{key}"
        text += above(notes(here), indent) + f"{indent}{key}:"
        if isinstance(inner, dict):
            text += f"\n{in_yaml(inner, notes, here, indent + '  ')}"
        elif isinstance(inner, list) and isinstance(inner[0], dict):
            items = (
                above(notes(f"{here}/{i['name']}"), indent + "  ")
                + f"{indent}  - name: {i['name']}\n{indent}    size: {i['size']}\n"
                for i in inner
            )
            text += "\n" + "".join(items)
        elif isinstance(inner, list) and zlib.crc32(here.encode()) % 2:
            text += f" [{', '.join(inner)}]\n"
        elif isinstance(inner, list):
            text += "\n" + "".join(
                above(notes(f"{here}/{item}"), indent + "  ") + f"{indent}  - {item}\n" for item in inner
            )
        else:
            text += f" {inner}\n"
    return text


def in_toml(value: Document, notes: Notes, path: str = "") -> str:
    text = "".join(above(notes(path), "")) + f"[{path}]\n" if path else ""
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if isinstance(inner, dict):
            continue
        text += above(notes(here), "") + f"{key} = "
        if isinstance(inner, list) and zlib.crc32(here.encode()) % 2:
            text += "[" + ", ".join(f'"{item}"' for item in inner) + "]\n"
        elif isinstance(inner, list):
            text += (
                "[\n" + "".join(above(notes(f"{here}/{item}"), "    ") + f'    "{item}",\n' for item in inner) + "]\n"
            )
        else:
            text += f'"{inner}"\n' if isinstance(inner, str) else f"{inner}\n"
    tables = {f"{path}.{key}" if path else key: inner for key, inner in value.items() if isinstance(inner, dict)}
    return text + "".join("\n" + in_toml(inner, notes, here) for here, inner in tables.items())


def above(notes: list[str], indent: str) -> str:
    return "".join(f"{indent}# {note}\n" for note in notes)


def templates(path: str) -> list[str]:
    """The notes of the template's."""
    return [f"about {path}"] if zlib.crc32(path.encode()) % 4 == 0 else []


def tables(value: Document, path: str = "") -> Document:
    """A TOML document as its tables by path: that is how they are merged."""
    found = {path: {key: inner for key, inner in value.items() if not isinstance(inner, dict)}}
    for key, inner in value.items():
        found |= tables(inner, f"{path}.{key}") if isinstance(inner, dict) else {}
    return found


def filled(value: Document) -> Document:
    """Without tables that have no keys of their own: tomllib does not show whether they have a header."""
    return {key: inner for key, inner in value.items() if inner != {}}


FORMATS: dict[str, tuple[Callable[..., str], Callable[[str], Any], Callable[[Document], Document]]] = {
    "x.yaml": (in_yaml, yaml.safe_load, dict),
    "x.toml": (in_toml, tomllib.loads, tables),
}


def tried(path: str, seed: int, rate: float) -> tuple[list[str], Any, bytes | None]:
    """A case: the three texts, what a merge of the values says (None: both changed the same), and the merge."""
    at = random.Random(seed)
    write, _, form = FORMATS[path]
    base = document(at, path)
    ours, theirs = edited(base, at, "o", rate), edited(base, at, "t", 0.1)
    noted = {line for line in range(1000) if at.random() < rate}
    counted = iter(range(1000))
    texts = [
        write(ours, lambda place: templates(place) + [f"mine {place}"] * (next(counted) in noted)),
        write(base, templates),
        write(theirs, templates),
    ]
    try:
        expected = filled(plain(*map(form, (ours, base, theirs))))
    except BothError:
        expected = None
    ours_text, base_text, theirs_text = (text.encode() for text in texts)
    return texts, expected, merge_structured(path, ours_text, base_text, theirs_text, None)


@pytest.mark.parametrize("path", FORMATS)
@settings(max_examples=CASES, deadline=None, derandomize=CASES < 100)
@given(seed=SEEDS, rate=st.sampled_from([0.0, 0.03, 0.1, 0.3]))
def test_a_merge_says_what_a_merge_of_plain_values_says(path: str, seed: int, rate: float) -> None:
    (ours, base, theirs), expected, found = tried(path, seed, rate)
    _, read, form = FORMATS[path]
    if found is None:
        assert ours != base
        return
    text = found.decode()
    assert filled(by_name(form(read(text)))) == expected
    lines = {line.strip() for line in text.split("\n")}
    assert {line.strip() for line in ours.split("\n") if "# mine" in line} <= lines
    assert merge_structured(path, found, theirs.encode(), theirs.encode(), None) == found
    assert merge_structured(path, ours.encode(), base.encode(), base.encode(), None) == ours.encode()
    other_way = merge_structured(path, theirs.encode(), base.encode(), ours.encode(), None)
    assert other_way is None or filled(by_name(form(read(other_way.decode())))) == expected


@pytest.mark.parametrize("path", FORMATS)
def test_what_can_be_merged_is_mostly_merged(path: str) -> None:
    cases = [tried(path, seed, 0.03)[1:] for seed in range(60)]
    possible = [found for expected, found in cases if expected is not None]
    assert len(possible) > 20
    assert sum(found is not None for found in possible) > 0.8 * len(possible)
