"""Files that are merged by their values: YAML, TOML, the queue table, and Python with additions.

tree        a text as entries that are moved as they stand
yaml_nodes  the values of a YAML text, and where they are
*_tree      from a text to its tree
arrays      arrays between brackets, of YAML and TOML
merge       three trees, merged by key
order       where an entry goes
python_*    statements and imports that were added, in another version of their file
"""

from collections.abc import Callable
from pathlib import PurePosixPath

from ...module_files import NO_PYTHON
from .tree import Group

__all__ = ["merge_queue_tables", "merge_structured"]

_LONGEST = 100_000
"""In bytes; the time to read a text grows with its length."""

_UNREADABLE = (ValueError, OverflowError, RecursionError)
"""What a text that is no YAML, TOML or Python raises; UnmergeableError is a ValueError."""

Read = Callable[[str], Group]


def merge_structured(path: str, ours: bytes, base: bytes, theirs: bytes, by_lines: bytes | None) -> bytes | None:
    """The merge of a YAML, TOML or Python file; None for any other file, and where both sides changed the same.

    by_lines: the merge by lines, if it has no conflict: it is the result if it has the same values.
    """
    suffix = PurePosixPath(path).suffix
    if suffix in (".yaml", ".yml"):
        from .yaml_tree import read_yaml

        return _merge(read_yaml, ours, base, theirs, by_lines)
    if suffix == ".toml":
        from .toml_tree import read_toml

        return _merge(read_toml, ours, base, theirs, by_lines)
    if suffix == ".py" and by_lines is None:
        return _add_to_python(ours, base, theirs)
    return None


def merge_queue_tables(ours: bytes, base: bytes, theirs: bytes, by_lines: bytes | None) -> bytes | None:
    """The same for a queues.py."""
    from .queue_tree import read_queue_table

    return _merge(read_queue_table, ours, base, theirs, by_lines)


def _add_to_python(ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    from .python_additions import add_to_python

    try:
        return add_to_python(*(_text(side) for side in (ours, base, theirs))).encode()
    except NO_PYTHON:
        return None


def _merge(read: Read, ours: bytes, base: bytes, theirs: bytes, by_lines: bytes | None) -> bytes | None:
    from .merge import merge

    if max(map(len, (ours, base, theirs))) > _LONGEST:
        return None
    try:
        merged = merge(*(read(_text(side)) for side in (ours, base, theirs)))
        if by_lines is not None and _says(read, by_lines) == merged.data:
            return by_lines
        written = merged.text
        # It was put together from pieces: it has to say what was merged.
        if read(written).data != merged.data:
            return None
    except _UNREADABLE:
        return None
    return (written if ours.endswith(b"\n") else written.removesuffix("\n")).encode()


def _says(read: Read, text: bytes) -> object:
    try:
        return read(_text(text)).data
    except _UNREADABLE:
        return None


def _text(content: bytes) -> str:
    text = content.decode()
    return text if text.endswith("\n") else f"{text}\n"
