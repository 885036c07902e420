"""What a class of the project makes: a model, an error, an object that JSON has no word for."""

import ast
import re

from asyncgen.check.analysis.kind_names import ERROR, MODEL, MODEL_BASES, OBJECT
from asyncgen.check.model.names import Names
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module

__all__ = ["class_kind", "instance_kind", "is_enum_member", "is_model", "is_model_class", "is_row_class"]

#: A class that is imported from a module of models.
_UNSEEN = re.compile(r"(^|\.)(\w+_)?(models?|entities|orm)(\.\w+)*\.[A-Z][a-z]\w*$")
_ERRORS = {"builtins.Exception", "builtins.ValueError", "builtins.RuntimeError"}
_PLAIN = {"builtins.object", "abc.ABC", "pydantic.BaseModel"}


def instance_kind(names: Names, module: Module, call: ast.Call) -> str:
    """The kind of what `Class(...)` makes, or the empty string."""
    made = names.resolve(module, call.func)
    return class_kind(names, made) if made is not None else ""


def class_kind(names: Names, made: Symbol) -> str:
    """The kind of a class's objects, or the empty string."""
    if not isinstance(made.node, ast.ClassDef):
        return ""
    if is_model(names, made):
        return MODEL
    bases = names.bases(made)
    if bases & _ERRORS:
        return ERROR
    return OBJECT if names.outside_bases(made) <= _PLAIN and not _has_json(names, made) else ""


def _has_json(names: Names, callee: Symbol) -> bool:
    if callee.node is not None and getattr(callee.node, "keywords", None):
        return True
    return any(names.class_attribute(callee, name) is not None for name in ("__json__", "__new__", "__getattr__"))


def is_model_class(names: Names, module: Module, expr: ast.expr) -> bool:
    symbol = names.resolve(module, expr) if isinstance(expr, ast.Name | ast.Attribute) else None
    return symbol is not None and isinstance(symbol.node, ast.ClassDef) and is_model(names, symbol)


def is_row_class(names: Names, module: Module, expr: ast.expr) -> bool:
    """Whether a query of it gives rows: a model, or what is imported from models that none can see."""
    if is_model_class(names, module, expr):
        return True
    symbol = names.resolve(module, expr) if isinstance(expr, ast.Name | ast.Attribute) else None
    return symbol is not None and symbol.module is None and _UNSEEN.search(symbol.name) is not None


def is_model(names: Names, symbol: Symbol) -> bool:
    if not isinstance(symbol.node, ast.ClassDef):
        return symbol.name in MODEL_BASES or symbol.name == "django.contrib.auth.models.User"
    bases = names.bases(symbol)
    if bases & set(MODEL_BASES):
        return True
    if any(base.endswith((".db.Model", "SQLAlchemy().Model")) for base in bases):
        return True
    if any(k.arg == "table" and isinstance(k.value, ast.Constant) and k.value.value for k in symbol.node.keywords):
        return True  # of SQLModel
    return names.class_attribute(symbol, "__tablename__") is not None


def is_enum_member(names: Names, module: Module, expr: ast.Attribute) -> bool:
    """A member of an Enum that is neither text nor a number: JSON has no word for it."""
    symbol = names.resolve(module, expr.value) if isinstance(expr.value, ast.Name) and expr.attr.isupper() else None
    if symbol is None or not isinstance(symbol.node, ast.ClassDef) or symbol.name.endswith(")"):
        return False
    return names.bases(symbol) == {symbol.name, "enum.Enum"}
