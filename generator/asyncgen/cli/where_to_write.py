"""The lines of a new task and of its test that are its owner's to write, with their numbers."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..plan import Change

__all__ = ["where_to_write"]

_WIDTH = 80
_YOURS = "# Yours: "
"""What a test says where only its owner knows more."""


def where_to_write(name: str, changes: "Sequence[Change]") -> list[str]:
    """Lines for a person, of the files made for the task `name`: `path:line`, and the code around it."""
    lines = []
    for change in changes:
        text = change.data.decode()
        place, numbers = _of_work(name, text) or _of_marks(text)
        source = text.splitlines()
        lines.append(f"{change.path}:{place}" if place else change.path)
        lines += [_cut(f"  {number:>4}  {source[number - 1]}") for number in numbers]
    return lines


def _of_work(name: str, text: str) -> tuple[int, Sequence[int]] | None:
    """The first line of the body that is to be replaced, and the lines of its function."""
    from ..tasks.unwritten import unwritten_work

    work = unwritten_work(ast.parse(text), name)
    if work is None:
        return None
    last = work.end_lineno or work.lineno
    body = next((node.lineno for node in work.body if not _is_docstring(node)), last)
    return body, range(work.lineno, last + 1)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _of_marks(text: str) -> tuple[int, Sequence[int]]:
    marked = [number for number, line in enumerate(text.splitlines(), 1) if _YOURS in line]
    return (marked[0] if marked else 0), marked


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."
