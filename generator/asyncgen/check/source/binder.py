"""Turns statements into bindings."""

import ast
import sys
from collections.abc import Callable
from typing import Any, Literal

from asyncgen.check.source.syntax import Binding, Function, Scope

__all__ = ["HANDLERS", "Binder", "Bindings", "Handlers"]

Bindings = dict[str, list[Binding]]
Handlers = dict[type[ast.AST], Callable[[Any, Any, Scope], None]]


class Binder:
    """Where a binding belongs is for a subclass to say. `name` is the module's; it resolves relative imports."""

    def __init__(self, name: str, is_package: bool) -> None:
        self.name = name
        self.is_package = is_package
        self.stars: list[str] = []

    def bind(self, scope: Scope, name: str, binding: Binding) -> None:
        raise NotImplementedError

    def bind_import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            if alias.asname:
                self.bind(scope, alias.asname, Binding("import", node, alias.name))
            else:
                top = alias.name.partition(".")[0]
                self.bind(scope, top, Binding("import", node, top))

    def bind_import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        source = self._absolute(node)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(source)
            else:
                dotted = f"{source}.{alias.name}" if source else alias.name
                self.bind(scope, alias.asname or alias.name, Binding("import", node, dotted))

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        up = node.level - (1 if self.is_package else 0)
        base = parts[: len(parts) - up] if up else parts
        return ".".join([*base, *([node.module] if node.module else [])])

    def bind_definition(self, node: Function | ast.ClassDef, scope: Scope) -> None:
        self.bind(scope, node.name, Binding("def", node))

    def bind_assign(self, node: ast.Assign, scope: Scope) -> None:
        for target in node.targets:
            self._assign(target, node.value, node, scope)

    def _assign(self, target: ast.expr, value: ast.expr, node: ast.AST, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            self.bind(scope, target.id, Binding("value", node, value))
        elif isinstance(target, ast.Tuple | ast.List):
            values: list[ast.expr | None] = [None] * len(target.elts)
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                values = list(value.elts)
            for element, part in zip(target.elts, values, strict=True):
                if isinstance(element, ast.Name):
                    kind: Literal["value", "other"] = "value" if part is not None else "other"
                    self.bind(scope, element.id, Binding(kind, node, part))

    def bind_annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        if isinstance(node.target, ast.Name):
            kind: Literal["value", "param"] = "value" if node.value else "param"
            self.bind(scope, node.target.id, Binding(kind, node, node.value or node.annotation))

    def bind_walrus(self, node: ast.NamedExpr, scope: Scope) -> None:
        self.bind(scope, node.target.id, Binding("value", node, node.value))

    def bind_augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        if isinstance(node.target, ast.Name):
            self.bind(scope, node.target.id, Binding("other", node))

    def bind_loop(self, node: ast.For | ast.AsyncFor | ast.comprehension, scope: Scope) -> None:
        if isinstance(node.target, ast.Name):
            self.bind(scope, node.target.id, Binding("loop", node, node.iter))
        elif isinstance(node.target, ast.Tuple | ast.List):
            for element in node.target.elts:
                if isinstance(element, ast.Name):
                    self.bind(scope, element.id, Binding("other", node))

    def bind_with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                self.bind(scope, item.optional_vars.id, Binding("with", item, item.context_expr))


#: What binds names at any level, by the kind of node.
HANDLERS: Handlers = {
    ast.Import: lambda binder, node, scope: binder.bind_import(node, scope),
    ast.ImportFrom: lambda binder, node, scope: binder.bind_import_from(node, scope),
    ast.FunctionDef: lambda binder, node, scope: binder.bind_definition(node, scope),
    ast.AsyncFunctionDef: lambda binder, node, scope: binder.bind_definition(node, scope),
    ast.ClassDef: lambda binder, node, scope: binder.bind_definition(node, scope),
    ast.Assign: lambda binder, node, scope: binder.bind_assign(node, scope),
    ast.AnnAssign: lambda binder, node, scope: binder.bind_annotated(node, scope),
    ast.AugAssign: lambda binder, node, scope: binder.bind_augmented(node, scope),
    ast.For: lambda binder, node, scope: binder.bind_loop(node, scope),
    ast.AsyncFor: lambda binder, node, scope: binder.bind_loop(node, scope),
    ast.With: lambda binder, node, scope: binder.bind_with(node, scope),
    ast.AsyncWith: lambda binder, node, scope: binder.bind_with(node, scope),
}
if sys.version_info >= (3, 12):
    # An older Python reads `type X = ...` as an assignment, see newer_syntax.
    HANDLERS[ast.TypeAlias] = lambda binder, node, scope: binder.bind(
        scope, node.name.id, Binding("value", node, node.value)
    )
