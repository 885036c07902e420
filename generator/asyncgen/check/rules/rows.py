"""Which rows an expression gives, through assignments, loops and functions."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.class_kinds import is_row_class
from asyncgen.check.analysis.kind_names import MANAGER, QUERYSET, VALUES
from asyncgen.check.analysis.project import Project
from asyncgen.check.rules.row_bounds import RowBounds, is_audience
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["COPIES", "Rows", "filling"]

#: What has all the elements of its first argument.
COPIES = {"list", "tuple", "set", "frozenset", "sorted", "dict", "iter", "reversed", "enumerate", "chain", "tqdm"}
#: Methods whose result has all the rows, or all the elements, of what they are called on.
_GIVE_ALL = {"values", "items", "keys", "all", "fetchall", "mappings", "scalars", "unique"}
_DEPTH = 6


class Rows:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.bounds = RowBounds(project, self.are_many)
        self._known: dict[ast.expr, bool] = {}

    def are_many(self, module: Module, expr: ast.expr) -> bool:
        """Whether an expression gives row after row of a query that nothing bounds."""
        if expr not in self._known:
            self._known[expr] = False  # while it is looked at: a name may be made from itself
            self._known[expr] = any(self.bounds.is_unbounded(*query) for query in self._queries(module, expr, 0))
        return self._known[expr]

    def _queries(self, module: Module, expr: ast.expr, depth: int) -> Iterator[tuple[Module, ast.expr]]:
        """The queries whose rows an expression may give: itself, a list of them, a comprehension over them, what a
        function of the project returns.
        """
        if depth > _DEPTH:
            return
        if (
            self.project.kinds.of(module, expr) in {QUERYSET, VALUES}
            or is_audience(expr)
            or self._is_select(module, expr)
        ):
            yield module, expr
            return
        match expr:
            case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in COPIES:
                yield from self._queries(module, inner, depth + 1)
            case ast.Call(func=ast.Attribute(value=inner, attr="in_bulk"), args=[], keywords=[]):
                if self.project.kinds.of(module, inner) == MANAGER:
                    yield module, inner
                yield from self._queries(module, inner, depth + 1)
            case ast.Call(func=ast.Attribute(attr="exec" | "execute" | "scalars" | "stream_scalars"), args=[inner, *_]):
                yield from self._queries(module, inner, depth + 1)
            case ast.Call(func=ast.Attribute(value=inner, attr=attr), args=[]) if attr in _GIVE_ALL:
                yield from self._queries(module, inner, depth + 1)
            case ast.Await(value=inner):
                yield from self._queries(module, inner, depth + 1)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                if not self._are_narrow(module, expr.generators[0].ifs):
                    yield from self._queries(module, expr.generators[0].iter, depth + 1)
            case ast.Name():
                yield from self._of_name(module, expr, depth + 1)
        if isinstance(expr, ast.Call):
            yield from self._returned(module, expr, depth + 1)

    def _of_name(self, module: Module, name: ast.Name, depth: int) -> Iterator[tuple[Module, ast.expr]]:
        """What is assigned to a name, unless one of the values is a slice, or put into the list that it is."""
        bound = self.project.names.bindings(module, name.id, name)
        values = [b.target for b in bound if b.kind == "value" and isinstance(b.target, ast.expr)]
        if len(values) != len(bound) or any(
            self.bounds.has_bound(module, node) for value in values for node in ast.walk(value)
        ):
            values = values if len(bound) == 1 else []
        for value in values:
            yield from self._queries(module, value, depth)
        for loop in filling(module, name, values):
            if not self._are_narrow(module, [node.test for node in ast.walk(loop) if isinstance(node, ast.If)]):
                yield from self._queries(module, loop.iter, depth)
        for added in _added_at_once(module, name, values):
            yield from self._queries(module, added, depth)

    def _are_narrow(self, module: Module, conditions: list[ast.expr]) -> bool:
        """Whether rows are chosen by what the function was given: `if distance(row) <= reach`."""
        return any(
            isinstance(node, ast.Compare)
            and not isinstance(node.ops[0], ast.NotIn | ast.NotEq | ast.Is | ast.IsNot)
            and any(
                binding.kind == "param"
                for side in (node.left, *node.comparators)
                if isinstance(side, ast.Name)
                for binding in self.project.names.bindings(module, side.id, side)
            )
            for condition in conditions
            for node in ast.walk(condition)
        )

    def _returned(self, module: Module, call: ast.Call, depth: int) -> Iterator[tuple[Module, ast.expr]]:
        callee = self.project.names.resolve(module, call.func)
        if callee is None or callee.module is None or not isinstance(callee.node, Function):
            return
        if all(last_name(decorator) in {"staticmethod", "classmethod"} for decorator in callee.node.decorator_list):
            for node in ast.walk(callee.node):
                if isinstance(node, ast.Return | ast.YieldFrom) and node.value is not None:
                    for home, query in self._queries(callee.module, node.value, depth):
                        if not is_audience(query):  # of what it is, the caller knows
                            yield home, query

    def _is_select(self, module: Module, expr: ast.expr) -> bool:
        """`select(Row).where(...)`, `select(Row.id)`: a query of SQLAlchemy."""
        while isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
            expr = expr.func.value
        if not (isinstance(expr, ast.Call) and last_name(expr.func) == "select" and expr.args):
            return False
        row = expr.args[0]
        return is_row_class(self.project.names, module, row) or (
            isinstance(row, ast.Attribute) and is_row_class(self.project.names, module, row.value)
        )


def filling(module: Module, name: ast.Name, values: list[ast.expr]) -> Iterator[ast.For | ast.AsyncFor]:
    """The loops that put each of their elements into the list that a name is; `values` is all that it is assigned."""
    if len(values) == 1 and _is_empty(values[0]):
        for loop in ast.walk(module.function_of(name) or module.tree):
            if isinstance(loop, ast.For | ast.AsyncFor) and _fills(loop, name):
                yield loop


def _added_at_once(module: Module, name: ast.Name, values: list[ast.expr]) -> Iterator[ast.expr]:
    """What is put into an empty list or set as a whole: `ids.extend(rows)`, `ids.update(rows)`."""
    if len(values) == 1 and _is_empty(values[0]):
        for node in ast.walk(module.function_of(name) or module.tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="extend" | "update"), args=[added]):
                    if owner == name.id:
                        yield added


def _is_empty(made: ast.expr) -> bool:
    """`[]`, `set()`, `{}`."""
    match made:
        case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Call(func=ast.Name(id="list" | "set" | "dict"), args=[]):
            return True
    return False


def _fills(loop: ast.For | ast.AsyncFor, name: ast.Name) -> bool:
    """Whether a loop puts something into a list for each row, and does not send it, ask for its length or end early."""
    nodes = list(ast.walk(loop))
    if name in nodes or any(isinstance(node, ast.Break) for node in nodes):
        return False
    fills = False
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=owner)]) if owner == name.id:
                return False
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="append" | "add" | "extend")):
                fills = fills or owner == name.id
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="clear" | "pop")) if owner == name.id:
                return False
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=owner))], value=value):
                fills = fills or (owner == name.id and not isinstance(value, ast.List))
    return fills
