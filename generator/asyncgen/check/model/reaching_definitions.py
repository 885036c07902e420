"""Which of a name's assignments can matter at a place, in a function that runs from top to bottom."""

import ast

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
    certain = [_line(b) for b in found if b.kind == "value" and module.parents.get(b.node) is scope and _line(b) < line]
    last = max(certain, default=0)
    return [b for b in found if _line(b) >= last]


def _line(binding: Binding) -> int:
    return getattr(binding.node, "lineno", 0)
