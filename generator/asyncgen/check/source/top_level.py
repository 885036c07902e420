"""What a module offers to others: the names at its top level."""

import ast

from asyncgen.check.source.binder import HANDLERS, Binder, Bindings
from asyncgen.check.source.syntax import Binding, Scope

__all__ = ["TopLevel"]

_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)


class TopLevel(Binder):
    """The names at a module's top level, blocks included, without a look into functions and classes."""

    def __init__(self, tree: ast.Module, name: str, is_package: bool) -> None:
        super().__init__(name, is_package)
        self.bindings: Bindings = {}
        stack: list[ast.stmt] = list(reversed(tree.body))
        while stack:
            node = stack.pop()
            handler = HANDLERS.get(type(node))
            if handler is not None:
                handler(self, node, tree)
            if isinstance(node, _BLOCKS):
                stack.extend(reversed(_inner(node)))

    def bind(self, scope: Scope, name: str, binding: Binding) -> None:
        self.bindings.setdefault(name, []).append(binding)


def _inner(node: ast.AST) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for field in ("body", "handlers", "orelse", "finalbody"):
        for item in getattr(node, field, []):
            found += item.body if isinstance(item, ast.ExceptHandler) else [item]
    return found
