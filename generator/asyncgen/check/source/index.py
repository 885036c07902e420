"""The index of a module: who stands in whom, what is bound where, which calls there are.

This walk is what a run spends most of its time on: it avoids `ast.walk`, and never looks into leaves.
"""

import ast
from typing import Any

from asyncgen.check.source.binder import HANDLERS, Binder, Bindings, Handlers
from asyncgen.check.source.syntax import SCOPES, Binding, Function, Scope

__all__ = ["Index"]

_LEAVES = frozenset({ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue, ast.alias})
_SCOPES = frozenset(SCOPES)
_NO_NODES = frozenset(
    {"ctx", "op", "ops", "id", "attr", "arg", "module", "level", "type_comment", "conversion", "simple"}
)
_FIELDS = {
    kind: tuple(field for field in kind._fields if field not in _NO_NODES)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


class Index(Binder):
    def __init__(self, tree: ast.Module, name: str, is_package: bool) -> None:
        super().__init__(name, is_package)
        self.tree = tree
        self.parents: dict[ast.AST, ast.AST] = {}
        self.bindings: dict[Scope, Bindings] = {tree: {}}
        self.calls: list[ast.Call] = []
        self.functions: list[Function] = []
        self.classes: list[ast.ClassDef] = []
        self.stores: list[ast.Assign | ast.AnnAssign] = []
        self.attributes: set[str] = set()
        self._globals: dict[Scope, set[str]] = {}
        self._walk(tree)

    def _walk(self, tree: ast.Module) -> None:
        parents, leaves, fields, handlers = self.parents, _LEAVES, _FIELDS, _HANDLERS
        calls, attributes = self.calls, self.attributes
        stack: list[tuple[Any, Any]] = [(tree, tree)]
        while stack:
            node, scope = stack.pop()
            kind = type(node)
            handler = handlers.get(kind)
            if handler is not None:
                handler(self, node, scope)
            elif kind is ast.Call:
                calls.append(node)
            elif kind is ast.Attribute and node.ctx.__class__ is ast.Load:
                attributes.add(node.attr)
            inner = node if kind in _SCOPES else scope
            below: list[tuple[Any, Any]] = []
            for field in fields[kind]:
                value = getattr(node, field, None)
                if value.__class__ is list:
                    for item in value:
                        if item.__class__ in fields:
                            parents[item] = node
                            if item.__class__ not in leaves:
                                below.append((item, inner))
                elif value.__class__ in fields:
                    parents[value] = node
                    if value.__class__ not in leaves:
                        below.append((value, inner))
            below.reverse()
            stack += below

    def bind(self, scope: Scope, name: str, binding: Binding) -> None:
        owner: Scope = self.tree if name in self._globals.get(scope, ()) else scope
        self.bindings.setdefault(owner, {}).setdefault(name, []).append(binding)

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


_HANDLERS: Handlers = {
    **HANDLERS,
    ast.NamedExpr: lambda binder, node, scope: binder.bind_walrus(node, scope),
    ast.comprehension: lambda binder, node, scope: binder.bind_loop(node, scope),
    ast.Lambda: lambda binder, node, scope: binder.bind_parameters(node, scope),
    ast.ExceptHandler: lambda binder, node, scope: binder.bind_handler(node, scope),
    ast.Global: lambda binder, node, scope: binder.declare_global(node, scope),
}
