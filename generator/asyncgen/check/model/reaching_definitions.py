"""Which of a name's assignments can matter at a place, in a function that runs from top to bottom."""

import ast
from collections.abc import Iterator

from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Binding, Function, Scope

__all__ = ["reaching_definitions"]


def reaching_definitions(module: Module, scope: Scope, found: list[Binding], at: ast.AST) -> list[Binding]:
    """Of a function's assignments to a name those that can matter at a place: an unconditional one ends the others."""
    if not isinstance(scope, Function) or module.scope_of(at) is not scope:
        return found
    line = getattr(at, "lineno", 0)
    loops = [a for a in module.ancestors(at) if isinstance(a, ast.For | ast.AsyncFor | ast.While)]
    again = max((loop.end_lineno or 0 for loop in loops), default=0)
    found = [b for b in found if _line(b) < line or b.kind != "value" or line < _line(b) <= again] or found
    around = {id(statement) for block in _blocks_around(module, at) for statement in block}
    certain = [_line(b) for b in found if b.kind == "value" and id(b.node) in around and _line(b) < line]
    last = max(certain, default=0)
    return [b for b in found if _line(b) >= last]


def _blocks_around(module: Module, at: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks in which a place stands: what stands in them before it has run."""
    child = at
    for ancestor in module.ancestors(at):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(ancestor, field, None)
            if isinstance(block, list) and child in block:
                yield block
        if isinstance(ancestor, Function):
            return
        child = ancestor


def _line(binding: Binding) -> int:
    return getattr(binding.node, "lineno", 0)
