"""What a name was found to mean."""

import ast
from typing import NamedTuple

from asyncgen.check.source.module import Module

__all__ = ["Symbol", "symbol_of"]


class Symbol(NamedTuple):
    """`module` and `node` say where it is defined, if that is within the project.

    `node` is a function, a class or the expression that a name is bound to; None for a module.
    """

    name: str
    module: Module | None = None
    node: ast.AST | None = None


def symbol_of(module: Module, owner: ast.ClassDef) -> Symbol:
    """The symbol of a class that stands in a module."""
    return Symbol(f"{module.name}.{owner.name}", module, owner)
