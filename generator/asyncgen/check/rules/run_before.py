"""Which statements have run whenever a call is made, and which run after it."""

import ast
from collections.abc import Iterator

from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["calls_between", "certain_calls", "statements_after", "statements_before"]


def statements_before(module: Module, function: Function, call: ast.AST) -> Iterator[ast.stmt]:
    """Those that stand before a call, or before the block in which it stands, up to its function; the last first."""
    for block, place in _blocks(module, function, call):
        yield from reversed(block[:place])


def statements_after(module: Module, function: Function, call: ast.AST) -> Iterator[ast.stmt]:
    for block, place in _blocks(module, function, call):
        yield from block[place + 1 :]


def _blocks(module: Module, function: Function, call: ast.AST) -> Iterator[tuple[list[ast.stmt], int]]:
    child = call
    for ancestor in module.ancestors(call):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(ancestor, field, None)
            if isinstance(block, list) and child in block:
                yield block, block.index(child)
        if ancestor is function:
            return
        child = ancestor


def certain_calls(statement: ast.stmt, within: bool = True) -> Iterator[ast.Call]:
    """The calls that a statement makes in any case; those `within` a `with` too."""
    if isinstance(statement, ast.Try) or (within and isinstance(statement, ast.With | ast.AsyncWith)):
        for inner in statement.body:
            yield from certain_calls(inner, within)
    elif isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return):
        later = {id(inner) for node in ast.walk(statement) if isinstance(node, ast.Lambda) for inner in ast.walk(node)}
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and id(node) not in later:
                yield node


def calls_between(function: Function, first: ast.AST, last: ast.AST) -> Iterator[ast.Call]:
    """The calls that stand after one node of a function and before another, whether they are made or not."""
    start, end = _place(first), _place(last)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and start < _place(node) < end:
            yield node


def _place(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)
