"""Turns statements into bindings."""

import ast
from typing import Literal

from asyncgen.check.source import Binding, Function, Module, Scope

__all__ = ["Binder"]


class Binder:
    """Where a binding belongs is for a subclass to say."""

    def __init__(self, module: Module) -> None:
        self.module = module
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
        parts = self.module.name.split(".")
        up = node.level - (1 if self.module.is_package else 0)
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
