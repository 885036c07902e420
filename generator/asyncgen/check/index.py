"""The index of a module: who stands in whom, what is bound where, which calls there are.

This walk is what a run spends most of its time on: it avoids `ast.walk`, and never looks into leaves.
"""

import ast
from collections.abc import Callable
from typing import Any

from asyncgen.check.binder import Binder
from asyncgen.check.source import Binding, Function, Module, Scope

__all__ = ["Index", "Surface"]

_SCOPES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LEAVES = frozenset({ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.alias})
_NO_NODES = frozenset(
    {"ctx", "op", "ops", "id", "attr", "arg", "module", "level", "type_comment", "conversion", "simple"}
)
_FIELDS = {
    kind: tuple(field for field in kind._fields if field not in _NO_NODES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)

Bindings = dict[str, list[Binding]]


class Surface(Binder):
    """The names at a module's top level, blocks included, without a look into functions and classes."""

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self.bindings: Bindings = {}
        stack: list[ast.stmt] = list(reversed(module.tree.body))
        while stack:
            node = stack.pop()
            handler = _HANDLERS.get(type(node))
            if handler is not None:
                handler(self, node, module.tree)
            if isinstance(node, _BLOCKS):
                stack.extend(reversed(_inner(node)))

    def bind(self, scope: Scope, name: str, binding: Binding) -> None:
        self.bindings.setdefault(name, []).append(binding)


class Index(Binder):
    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.bindings: dict[Scope, Bindings] = {module.tree: {}}
        self.calls: list[ast.Call] = []
        self.functions: list[Function] = []
        self.classes: list[ast.ClassDef] = []
        self.stores: list[ast.Assign | ast.AnnAssign] = []
        self.attributes: set[str] = set()
        self._globals: dict[Scope, set[str]] = {}
        self._walk(module.tree)

    def _walk(self, tree: ast.Module) -> None:
        parents, leaves, fields, handlers = self.parents, _LEAVES, _FIELDS, _INNER_HANDLERS
        stack: list[tuple[ast.AST, Scope]] = [(tree, tree)]
        while stack:
            node, scope = stack.pop()
            kind = type(node)
            handler = handlers.get(kind)
            if handler is not None:
                handler(self, node, scope)
            elif isinstance(node, ast.Call):
                self.calls.append(node)
            elif isinstance(node, ast.Attribute) and node.ctx.__class__ is ast.Load:
                self.attributes.add(node.attr)
            inner: Scope = node if isinstance(node, _SCOPES) else scope
            below: list[tuple[ast.AST, Scope]] = []
            for field in fields[kind]:
                value = getattr(node, field, None)
                if value.__class__ is list:
                    for item in value:
                        if isinstance(item, ast.AST):
                            parents[item] = node
                            if item.__class__ not in leaves:
                                below.append((item, inner))
                elif isinstance(value, ast.AST):
                    parents[value] = node
                    if value.__class__ not in leaves:
                        below.append((value, inner))
            below.reverse()
            stack += below

    def bind(self, scope: Scope, name: str, binding: Binding) -> None:
        home: Scope = self.module.tree if name in self._globals.get(scope, ()) else scope
        self.bindings.setdefault(home, {}).setdefault(name, []).append(binding)

    def bind_definition(self, node: Function | ast.ClassDef, scope: Scope) -> None:
        super().bind_definition(node, scope)
        if isinstance(node, ast.ClassDef):
            self.classes.append(node)
        else:
            self.functions.append(node)
            self.bind_parameters(node, scope)

    def bind_parameters(self, node: Function | ast.Lambda, scope: Scope) -> None:
        a = node.args
        for argument in [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]:
            if argument is not None:
                self.bind(node, argument.arg, Binding("param", argument, argument.annotation))

    def bind_assign(self, node: ast.Assign, scope: Scope) -> None:
        super().bind_assign(node, scope)
        if isinstance(node.targets[0], ast.Attribute | ast.Subscript):
            self.stores.append(node)

    def bind_annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        super().bind_annotated(node, scope)
        if isinstance(node.target, ast.Attribute):
            self.stores.append(node)

    def bind_handler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name:
            self.bind(scope, node.name, Binding("other", node))

    def declare_global(self, node: ast.Global, scope: Scope) -> None:
        self._globals.setdefault(scope, set()).update(node.names)


def _inner(node: ast.AST) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for field in ("body", "handlers", "orelse", "finalbody"):
        for item in getattr(node, field, []):
            found += item.body if isinstance(item, ast.ExceptHandler) else [item]
    return found


_HANDLERS: dict[type[ast.AST], Callable[[Any, Any, Scope], None]] = {
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
_INNER_HANDLERS: dict[type[ast.AST], Callable[[Any, Any, Scope], None]] = {
    **_HANDLERS,
    ast.NamedExpr: lambda binder, node, scope: binder.bind_walrus(node, scope),
    ast.comprehension: lambda binder, node, scope: binder.bind_loop(node, scope),
    ast.Lambda: lambda binder, node, scope: binder.bind_parameters(node, scope),
    ast.ExceptHandler: lambda binder, node, scope: binder.bind_handler(node, scope),
    ast.Global: lambda binder, node, scope: binder.declare_global(node, scope),
}
