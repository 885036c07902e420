"""What becomes of the result of a signature: it belongs to a chord, is handed on by a chain, or the whole is sent."""

import ast

from asyncgen.check.analysis.value_use import Use, ValueUses, loads_of
from asyncgen.check.celery.dispatch import ON_COMMIT, SENDING
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.targets import is_signature
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["SignatureUses"]

_DEPTH = 12
#: What gives the same signature back.
_SAME = {"set", "clone", "on_error"}
_LINKS = {"link", "link_error", "on_error", "add_error_callback", "errback", "callback"}


class SignatureUses:
    """What cannot be followed counts as read, and so does what a chain gives to its next task."""

    def __init__(self, project: CeleryProject, values: ValueUses) -> None:
        self.project = project
        self.values = values
        self._found: dict[ast.expr, Use] = {}

    def of(self, module: Module, node: ast.expr, depth: int = 0) -> Use:
        if node not in self._found:
            self._found[node] = Use.NONE  # while it is looked at: a name may be made from itself
            self._found[node] = self._of(module, node, depth)
        return self._found[node]

    def _of(self, module: Module, node: ast.expr, depth: int) -> Use:
        parent = module.parents[node]
        if depth > _DEPTH:
            return Use.READ
        match parent:
            case ast.Expr():
                return Use.NONE
            case ast.Attribute(attr=attr):
                return self._attribute(module, parent, attr, depth + 1)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                handed = left is node and self._hands_on(module, node, right)
                return Use.READ if handed else self.of(module, parent, depth + 1)
            case ast.Call(func=func) if func is node:
                return self.values.of(module, parent) if self._is_canvas(module, node) else Use.NONE
            case ast.Call():
                return self._given(module, node, parent, depth + 1)
            case ast.keyword(arg=name):
                return Use.NONE if name in _LINKS else Use.READ
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                handed = self._is_of_chain(module, parent) and self._hands_on_in(module, node, elements)
                return Use.READ if handed else self.of(module, parent, depth + 1)
            case ast.ListComp() | ast.GeneratorExp() | ast.Starred():
                return self.of(module, parent, depth + 1)
            case ast.Assign(targets=[ast.Name(id=name)]):
                loads = loads_of(self.project, module, name, parent)
                return max((self.of(module, load, depth + 1) for load in loads), default=Use.NONE)
        return Use.READ

    def _attribute(self, module: Module, expr: ast.Attribute, attr: str, depth: int) -> Use:
        call = module.parents[expr]
        if not isinstance(call, ast.Call) or call.func is not expr:
            return Use.READ
        if attr in _SAME:
            return self.of(module, call, depth)
        if attr in SENDING:
            return self.values.of(module, call)
        return Use.NONE if attr in ON_COMMIT | _LINKS | {"append", "extend", "apply"} else Use.READ

    def _given(self, module: Module, node: ast.expr, call: ast.Call, depth: int) -> Use:
        name = self.project.names.name(module, call)
        first = call.args[:1] == [node]
        if name == "celery.group()":
            return self.of(module, call, depth)
        if name == "celery.chord()":
            return Use.READ if first else self.of(module, call, depth)
        if name == "celery.chain()":
            unknown = isinstance(node, ast.Name | ast.ListComp | ast.GeneratorExp)
            handed = self._hands_on_in(module, node, call.args) or (unknown and len(call.args) == 1)
            return Use.READ if handed else self.of(module, call, depth)
        if isinstance(call.func, ast.Call) and self.project.names.name(module, call.func) == "celery.chord()":
            return self.values.of(module, call)
        if last_name(call.func) in _LINKS:
            return Use.NONE
        match call.func:
            case ast.Attribute(value=ast.Name(id=collection) as owner, attr="append"):
                found = self.project.names.bindings(module, collection, owner)
                loads = [load for b in found for load in loads_of(self.project, module, collection, b.node)]
                return max((self.of(module, load, depth) for load in loads), default=Use.NONE)
        return Use.READ

    def _is_of_chain(self, module: Module, listed: ast.expr) -> bool:
        """Whether a list holds the tasks of a chain."""
        around = module.parents[listed]
        if isinstance(around, ast.Starred):
            around = module.parents[around]
        return isinstance(around, ast.Call) and self.project.names.name(module, around) == "celery.chain()"

    def _hands_on_in(self, module: Module, node: ast.expr, listed: list[ast.expr]) -> bool:
        following = listed[listed.index(node) + 1 :]
        return bool(following) and self._hands_on(module, node, following[0])

    def _hands_on(self, module: Module, node: ast.expr, following: ast.expr) -> bool:
        """Whether what follows in a chain takes the result, or waits for a group as the body of a chord does."""
        return not self._is_immutable(following) or self.project.names.name(module, node) == "celery.group()"

    @staticmethod
    def _is_immutable(expr: ast.expr) -> bool:
        """Whether a signature takes no result of the one before it."""
        match expr:
            case ast.Call(func=ast.Attribute(attr="si")):
                return True
            case ast.Call(keywords=keywords):
                return any(
                    k.arg == "immutable" and isinstance(k.value, ast.Constant) and k.value.value is True
                    for k in keywords
                )
        return False

    def _is_canvas(self, module: Module, expr: ast.expr) -> bool:
        """Whether a call of it sends: that of a single signature runs the task there and then."""
        name = self.project.names.name(module, expr)
        return name in {"celery.group()", "celery.chord()", "celery.chain()"} or (
            not isinstance(expr, ast.Call) and is_signature(self.project, module, expr)
        )
