"""What a query gives: another query, one row, values."""

import ast
import re

from asyncgen.check.analysis.class_kinds import is_model_class, is_row_class
from asyncgen.check.analysis.kind_names import FILE, MANAGER, MANY, MODEL, ONE, QUERYSET, UPLOADED, VALUES
from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

#: What a model is called that a function was given, or looks up.
_MODEL = re.compile(r"(^|_)(model|model_class|model_cls)$", re.IGNORECASE)

__all__ = ["called", "indexed", "manager_kind", "session_kind"]


def called(receiver: str, method: str) -> str:
    """The kind of `receiver.method(...)`, or the empty string."""
    if receiver == UPLOADED:
        return FILE if method == "get" else ""
    if receiver == VALUES:
        return VALUES if method in MANY else ""
    if receiver not in {MANAGER, QUERYSET}:
        return ""
    if method in ONE:
        return MODEL
    if method in {"values", "values_list", "dates"}:
        return VALUES
    return QUERYSET if method in MANY else ""


def indexed(kind: str, index: ast.expr) -> str:
    """The kind of `x[index]` for an x of that kind."""
    if kind == UPLOADED:
        return FILE
    sliced = isinstance(index, ast.Slice)
    if kind == QUERYSET:
        return QUERYSET if sliced else MODEL
    return VALUES if kind == VALUES and sliced else ""


def session_kind(names: Names, module: Module, call: ast.Call) -> str:
    """`session.query(Model)`, `session.get(Model, key)`."""
    func = call.func
    if not isinstance(func, ast.Attribute) or not call.args:
        return ""
    if func.attr == "query":
        return MANAGER if is_row_class(names, module, call.args[0]) else ""
    return MODEL if func.attr == "get" and is_model_class(names, module, call.args[0]) else ""


def manager_kind(names: Names, module: Module, expr: ast.Attribute) -> str:
    """`Model.objects`, `Model.query`."""
    if expr.attr == "query":
        return MANAGER if is_row_class(names, module, expr.value) else ""
    if expr.attr not in {"objects", "_default_manager"}:
        return ""
    symbol = names.resolve(module, expr.value)
    if symbol is None or symbol.name.endswith(")"):
        known = symbol is not None and symbol.name == "django.contrib.auth.get_user_model()"
        return MANAGER if known or _MODEL.search(last_name(expr.value)) else ""
    return MANAGER if symbol.name.rpartition(".")[2][:1].isupper() else ""
