"""Markdown of tables and of code, and what the source says of the fields of a class."""

import ast
import inspect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

__all__ = ["code", "documented_fields", "table"]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; what stands in a cell may have lines and vertical bars."""
    cells = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in cells)


def code(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.strip()}\n```\n"


def documented_fields(file: Path, class_name: str) -> Iterator[tuple[ast.AnnAssign, str]]:
    """The annotated fields of a class, each with the text below it; raises StopIteration if there is no such class."""
    classes = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ClassDef))
    body = next(node for node in classes if node.name == class_name).body
    for field, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign):
            text = below.value if isinstance(below, ast.Expr) else None
            yield field, inspect.cleandoc(str(text.value)) if isinstance(text, ast.Constant) else ""


def _cell(text: str) -> str:
    return text.replace("\n\n", "<br>").replace("\n", " ").replace("|", "\\|")
