"""The entries of the beat schedule, wherever it is written."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.source.module import Module

__all__ = ["Entry", "entries"]


class Entry(NamedTuple):
    """`node` is the entry's key; `parts` what it says, by name."""

    name: str
    module: Module
    node: ast.AST
    parts: dict[str, ast.expr]


def entries(project: CeleryProject) -> Iterator[Entry]:
    for setting in project.configuration.all("beat_schedule"):
        if setting.value is not None:
            yield from _within(project, setting.module, setting.value, 0)


def _within(project: CeleryProject, module: Module, expr: ast.expr, depth: int) -> Iterator[Entry]:
    if depth > 6:
        return
    if isinstance(expr, ast.Name | ast.Attribute):
        symbol = project.names.resolve(module, expr)
        if symbol is None or symbol.module is None or symbol.node is expr:
            return
        if isinstance(symbol.node, ast.expr):
            yield from _within(project, symbol.module, symbol.node, depth + 1)
        return
    for key, value in _items(expr):
        if key is None:
            yield from _within(project, module, value, depth + 1)
        elif isinstance(key, ast.Constant):
            parts = {k.value: v for k, v in _items(value) if isinstance(k, ast.Constant) and isinstance(k.value, str)}
            yield Entry(str(key.value), module, key, parts)


def _items(expr: ast.expr) -> list[tuple[ast.expr | None, ast.expr]]:
    if isinstance(expr, ast.Dict):
        return list(zip(expr.keys, expr.values, strict=True))
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Name) and expr.func.id == "dict":
        return [
            (ast.copy_location(ast.Constant(value=k.arg), k) if k.arg is not None else None, k.value)
            for k in expr.keywords
        ]
    return []
