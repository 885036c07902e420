"""What kind of thing an expression is, where that decides whether it may go into a message or be waited for.

A kind is a phrase for the reader ("a model instance"), the empty string where nothing is known. A name has a kind
only if all that is assigned to it has that kind.
"""

import ast

from asyncgen.check.analysis.class_kinds import instance_kind, is_enum_member
from asyncgen.check.analysis.kind_names import (
    COMPLEX,
    ERROR,
    FUNCTION,
    ITERATOR,
    MADE_BY,
    MAIL,
    MODEL,
    OBJECT,
    QUERYSET,
    REQUEST,
    REQUESTS,
    RESULT,
    SET,
    UPLOADED,
)
from asyncgen.check.analysis.parameter_kinds import is_request_of_view, is_row_of_view, parameter_kind
from asyncgen.check.analysis.query_kinds import called, indexed, manager_kind, session_kind
from asyncgen.check.analysis.row_classes import is_relation
from asyncgen.check.analysis.stores import added_to, assigned_to
from asyncgen.check.celery.dispatch import SENDING, Dispatches
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.targets import SIGNING, is_signature
from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Binding, Function, is_none, last_name

__all__ = ["Kinds"]

_DEPTH = 8


class Kinds:
    def __init__(self, project: CeleryProject, dispatches: Dispatches) -> None:
        self.project = project
        self.dispatches = dispatches
        self._cache: dict[ast.expr, str] = {}

    @property
    def names(self) -> Names:
        return self.project.names

    def of(self, module: Module, expr: ast.expr, depth: int = 0) -> str:
        if expr not in self._cache:
            if depth > _DEPTH:
                return ""
            self._cache[expr] = ""
            self._cache[expr] = self._of(module, expr, depth + 1)
        return self._cache[expr]

    def _of(self, module: Module, expr: ast.expr, depth: int) -> str:
        match expr:
            case ast.Lambda():
                return FUNCTION
            case ast.GeneratorExp():
                return ITERATOR
            case ast.Set() | ast.SetComp():
                return SET
            case ast.Call():
                return self._call(module, expr, depth)
            case ast.Attribute():
                return self._attribute(module, expr, depth)
            case ast.Name():
                return self._name(module, expr, depth)
            case ast.Subscript(value=value, slice=index):
                kind = self.of(module, value, depth)
                return indexed(kind, index) or (self._element(module, value, depth) if not kind else "")
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.of(module, value, depth)
            case ast.IfExp(body=one, orelse=other):
                return self._either(module, [one, other], depth)
            case ast.BoolOp(values=values):
                return self._either(module, values, depth)
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return self._within(module, elements, depth)
            case ast.Dict(values=values):
                return self._within(module, values, depth)
            case ast.ListComp(elt=element):
                return self._within(module, [element], depth)
        return ""

    def _either(self, module: Module, choices: list[ast.expr], depth: int) -> str:
        """One kind for all the choices; a constant among them does not count."""
        kinds = {self.of(module, c, depth) for c in choices if not isinstance(c, ast.Constant)}
        return kinds.pop() if len(kinds) == 1 else ""

    def _within(self, module: Module, parts: list[ast.expr], depth: int) -> str:
        for part in parts:
            kind = self.of(module, part, depth)
            if kind in COMPLEX:
                return kind
        return ""

    # ---- calls ----

    def _call(self, module: Module, call: ast.Call, depth: int) -> str:
        name = self.names.name(module, call.func)
        if name in MADE_BY:
            return MADE_BY[name]
        func = call.func
        if isinstance(func, ast.Call | ast.BinOp | ast.Name) and is_signature(self.project, module, func):
            return RESULT
        if isinstance(func, ast.Name) and func.id == "list" and call.args:
            inner = self.of(module, call.args[0], depth)
            return MODEL if inner == QUERYSET else ""
        if isinstance(func, ast.Attribute):
            kind = self._method(module, call, func, depth)
            if kind:
                return kind
        return instance_kind(self.names, module, call) or self._returned(module, call, depth)

    def _returned(self, module: Module, call: ast.Call, depth: int) -> str:
        """The result of a task, where a function of the project gives back nothing else."""
        callee = self.names.resolve(module, call.func)
        if callee is None or callee.module is None or not isinstance(callee.node, ast.FunctionDef):
            return ""
        home, function = callee.module, callee.node
        if function.decorator_list or not any(f".{method}(" in home.text for method in SENDING):
            return ""
        values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        return RESULT if values and all(v is not None and self.of(home, v, depth) == RESULT for v in values) else ""

    def _method(self, module: Module, call: ast.Call, func: ast.Attribute, depth: int) -> str:
        method = func.attr
        if method in SENDING | SIGNING | {"AsyncResult"}:
            if method == "AsyncResult":
                return RESULT if self.names.name(module, func).endswith("AsyncResult") else ""
            return RESULT if method in SENDING and self._sent(module, call) else ""
        if method == "save" and last_name(func.value) in {"form", "serializer"}:
            return MODEL if call.args == [] else ""
        if method == "get_object" and not call.args and is_row_of_view(self.project, module, func):
            return MODEL
        loaded = session_kind(self.names, module, call)
        if loaded:
            return loaded
        receiver = self.of(module, func.value, depth)
        if receiver == RESULT and method == "restore":
            return RESULT
        if method in {"keys", "values", "items"} and isinstance(func.value, ast.Dict):
            return ITERATOR
        return called(receiver, method)

    def _sent(self, module: Module, call: ast.Call) -> bool:
        return any(sent.call is call for sent in self.dispatches.of(module))

    # ---- attributes and names ----

    def _attribute(self, module: Module, expr: ast.Attribute, depth: int) -> str:
        manager = manager_kind(self.names, module, expr)
        if manager:
            return manager
        if is_enum_member(self.names, module, expr):
            return OBJECT
        if self._held(module, expr, depth):
            return RESULT
        if expr.attr in {"id", "pk"}:
            return ""  # whatever it is the key of, which may take long to find out
        owner = self.of(module, expr.value, depth)
        if owner == REQUEST:
            if expr.attr == "user":
                return MODEL
            if expr.attr in {"session", "META"}:
                return OBJECT
            return UPLOADED if expr.attr in {"FILES", "files"} else ""
        if expr.attr == "object" and is_row_of_view(self.project, module, expr):
            return MODEL
        if owner == MODEL and is_relation(self.project, module, expr):
            return MODEL
        if owner == RESULT and expr.attr in {"results", "children", "parent"}:
            return RESULT
        return REQUEST if is_request_of_view(self.project, module, expr) else ""

    def _held(self, module: Module, expr: ast.Attribute, depth: int) -> bool:
        """Whether all that a class puts into `self.x` are results."""
        if not (isinstance(expr.value, ast.Name) and expr.value.id == "self"):
            return False
        values = [value for value in assigned_to(module, expr) if not is_none(value)]
        return bool(values) and all(self.of(module, value, depth) == RESULT for value in values)

    def _name(self, module: Module, expr: ast.Name, depth: int) -> str:
        name = self.names.name(module, expr)
        if name in REQUESTS:
            return REQUEST
        if name == "flask_login.current_user":
            return MODEL
        found = self.names.bindings(module, expr.id, expr)
        kinds = {self._binding(module, expr.id, b, depth) for b in found if not is_none(b.target)}
        return kinds.pop() if len(kinds) == 1 else ""

    def _binding(self, module: Module, name: str, binding: Binding, depth: int) -> str:
        target = binding.target
        if binding.kind in {"value", "with"} and isinstance(target, ast.expr):
            return self.of(module, target, depth)
        if binding.kind == "loop" and isinstance(target, ast.expr):
            over = self.of(module, target, depth)
            if over == QUERYSET:
                return MODEL
            return over if over in {MAIL, MODEL, RESULT} else self._element(module, target, depth)
        if binding.kind == "def" and isinstance(binding.node, Function):
            plain = not binding.node.decorator_list and binding.node not in self.project.tasks.by_node
            return FUNCTION if plain else ""
        if isinstance(binding.node, ast.ExceptHandler):
            return ERROR
        if binding.kind == "param":
            return parameter_kind(self.project, module, name, binding)
        return ""

    def _element(self, module: Module, listed: ast.expr, depth: int) -> str:
        """What a collection of results holds: a list, a comprehension, a dict's values, what is appended one by one."""
        if depth > _DEPTH:
            return ""
        match listed:
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element) | ast.SetComp(elt=element):
                parts = [element]
            case ast.DictComp(value=element):
                parts = [element]
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Dict(values=parts):
                pass
            case ast.Call(func=ast.Attribute(value=inner, attr="values"), args=[]):
                return self._element(module, inner, depth + 1)
            case ast.Name(id=name):
                found = self.names.bindings(module, name, listed)
                if len(found) != 1 or found[0].kind != "value" or not isinstance(found[0].target, ast.expr):
                    return ""
                made = found[0].target
                if isinstance(made, ast.Name) or (
                    isinstance(made, ast.Call) and last_name(made.func) not in {"list", "dict", "values"}
                ):
                    return ""
                parts = added_to(module, name, listed)
                if not parts:
                    return self._element(module, made, depth + 1)
            case _:
                return ""
        return RESULT if parts and all(self.of(module, part, depth) == RESULT for part in parts) else ""
