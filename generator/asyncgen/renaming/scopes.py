"""What the names of a file are bound to, looked up as Python does."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .source import Source

__all__ = ["Bound", "Scope", "Scopes"]

_DEPTH = 8
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True)
class Bound:
    """One place that binds a name: to what has a dotted name in the project, to a value, or to anything.

    definition: the function, where it is one of the module's.
    """

    path: str = ""
    value: ast.expr | None = None
    definition: ast.FunctionDef | ast.AsyncFunctionDef | None = None


@dataclass(eq=False)
class Scope:
    """A part of a file with names of its own."""

    parent: "Scope | None" = None
    is_class: bool = False
    is_comprehension: bool = False
    bound: dict[str, list[Bound]] = field(default_factory=lambda: defaultdict(list))
    outer: dict[str, str] = field(default_factory=dict)
    """The names that `global` and `nonlocal` give to another scope."""

    def outwards(self) -> "Iterator[Scope]":
        """This scope, and those around it."""
        scope: Scope | None = self
        while scope:
            yield scope
            scope = scope.parent


class Scopes(ast.NodeVisitor):
    """The scopes of a file. `names` and `imports` have the scope that each of them stands in.

    declared: the names of `global` and `nonlocal`.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.module = self._scope = Scope()
        self.names: dict[ast.Name, Scope] = {}
        self.imports: dict[ast.Import | ast.ImportFrom, Scope] = {}
        self.declared: set[str] = set()
        self._paths: dict[tuple[Scope, str, int], str] = {}
        self.visit(source.tree)

    # ---- looking up ----

    def owner(self, name: str, scope: Scope) -> Scope | None:
        """The scope that a name in `scope` is bound in; None for a builtin, and for what a star may bring."""
        if scope.outer.get(name) == "global":
            return self.module if name in self.module.bound else None
        for each in scope.outwards():
            visible = each is scope or not each.is_class
            if visible and name in each.bound and name not in each.outer:
                return each
        return None

    def path(self, node: ast.AST, depth: int = 0) -> str:
        """The dotted name of what an expression stands for; "" where that is not certain."""
        match node:
            case ast.Name(id=name):
                owner = self.owner(name, self.names[node])
                return self.bound_path(owner, name, depth) if owner else ""
            case ast.Attribute(value=value, attr=attr):
                base = self.path(value, depth)
                return f"{base}.{attr}" if base else ""
        return ""

    def bound_path(self, scope: Scope, name: str, depth: int = 0) -> str:
        """The dotted name of what a scope binds a name to; "" where it is not certain, or is not always the same."""
        if depth > _DEPTH:
            return ""
        # Names that are made from themselves and each other would be asked again at every turn.
        key = (scope, name, depth)
        if key not in self._paths:
            paths = {
                self.path(bound.value, depth + 1) if bound.value else bound.path for bound in scope.bound.get(name, ())
            }
            self._paths[key] = paths.pop() if len(paths) == 1 else ""
        return self._paths[key]

    def imported_from(self, node: ast.ImportFrom) -> str:
        """The absolute name of the module that is imported from."""
        package = self.source.package
        above = package[: len(package) - node.level + 1] if node.level else []
        return ".".join([*above, *([node.module] if node.module else [])])

    # ---- binding ----

    def _bind(self, name: str, bound: Bound | None = None, scope: Scope | None = None) -> None:
        scope = scope or self._scope
        target = self.module if scope.outer.get(name) == "global" else scope
        target.bound[name].append(bound or Bound())

    @contextmanager
    def _within(self, *, is_class: bool = False, is_comprehension: bool = False) -> Iterator[None]:
        before = self._scope
        self._scope = Scope(before, is_class, is_comprehension)
        yield
        self._scope = before

    def _visit_all(self, nodes: Sequence[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.names[node] = self._scope
        if not isinstance(node.ctx, ast.Load):
            self._bind(node.id)

    def visit_Import(self, node: ast.Import) -> None:
        self.imports[node] = self._scope
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self._bind(alias.asname or top, Bound(alias.name if alias.asname else top))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.imports[node] = self._scope
        origin = self.imported_from(node)
        for alias in node.names:
            if alias.name != "*":
                self._bind(alias.asname or alias.name, Bound(f"{origin}.{alias.name}"))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_all([node.annotation, node.value])
        self._assign(node.target, node.value)

    def _assign(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.names[target] = self._scope
            self._bind(target.id, Bound(value=value))
        else:
            self.visit(target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scope = next(scope for scope in self._scope.outwards() if not scope.is_comprehension)
        self.names[node.target] = scope
        self._bind(node.target.id, scope=scope)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._body(node, [node.body])

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        of_module = self._scope is self.module
        self._bind(node.name, Bound(f"{self.source.module}.{node.name}", definition=node) if of_module else None)
        self._visit_all([*node.decorator_list, node.returns])
        self._body(node, node.body)

    def _body(self, node: Function, body: Sequence[ast.AST]) -> None:
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        named += [each for each in (arguments.vararg, arguments.kwarg) if each]
        self._visit_all([*arguments.defaults, *arguments.kw_defaults, *(each.annotation for each in named)])
        with self._within():
            self._visit_all(getattr(node, "type_params", []))
            for each in named:
                self._bind(each.arg)
            self._visit_all(body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name)
        self._visit_all([*getattr(node, "type_params", []), *node.decorator_list, *node.bases, *node.keywords])
        with self._within(is_class=True):
            self._visit_all(node.body)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node)

    def _comprehension(self, node: Comprehension) -> None:
        self.visit(node.generators[0].iter)
        with self._within(is_comprehension=True):
            for number, each in enumerate(node.generators):
                self._visit_all([each.iter if number else None, each.target, *each.ifs])
            parts = (getattr(node, part, None) for part in ("elt", "key", "value"))
            self._visit_all(list(parts))

    def visit_Global(self, node: ast.Global) -> None:
        self._declare(node.names, "global")

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._declare(node.names, "nonlocal")
        # Which function's, is not needed: a name that is given away is never renamed.
        for name in node.names:
            for scope in self._scope.outwards():
                if name in scope.bound:
                    self._bind(name, scope=scope)

    def _declare(self, names: Sequence[str], where: str) -> None:
        self.declared.update(names)
        self._scope.outer.update(dict.fromkeys(names, where))

    def generic_visit(self, node: ast.AST) -> None:
        """What else binds a name has it as a text: exception handlers, patterns, type parameters."""
        for attribute in ("name", "rest"):
            if isinstance(name := getattr(node, attribute, None), str) and not isinstance(node, ast.alias):
                self._bind(name)
        super().generic_visit(node)
