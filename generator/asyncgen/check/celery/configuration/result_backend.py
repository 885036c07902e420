"""Whether results are stored, as far as the code tells: what comes from the environment is there, whatever it is."""

import ast

from asyncgen.check.celery.configuration.broker_url import known_start
from asyncgen.check.celery.configuration.configuration import Configuration
from asyncgen.check.model.names import Names
from asyncgen.check.model.values import UNKNOWN
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["are_results_stored"]

_NONE = {"", "disabled", "disabled://"}
_MEANT_TO_BE_SEEN = ("django-db", "django_celery_results", "django-cache")
#: Results that go to the caller's own queue or stay in its memory.
_NOT_STORED = ("rpc", "cache+memory", "cache://memory")
_DEPTH = 6


def are_results_stored(configuration: Configuration) -> bool:
    """Whether all settings that name a backend name one that stores, and that nobody looks into for its own sake."""
    found = configuration.values("result_backend") if configuration.known else []
    names = configuration.project.names
    return bool(found) and all(
        setting.value is not None
        and (value is not UNKNOWN or is_given(names, setting.module, setting.value))
        and _is_store((known_start(names, setting.module, setting.value) or "?") if value is UNKNOWN else value)
        for setting, value in found
    )


def _is_store(value: object) -> bool:
    return isinstance(value, str) and value not in _NONE and not value.startswith(_MEANT_TO_BE_SEEN + _NOT_STORED)


def is_given(names: Names, module: Module, expr: ast.expr, depth: int = 0) -> bool:
    """Whether an expression of unknown worth has one: `env("URL")`, an f-string. Not if its default may be none."""
    if depth > _DEPTH:
        return False
    match expr:
        case ast.Constant(value=value):
            return value is not None and value not in _NONE
        case ast.Call(args=args, keywords=keywords):
            given = args[:1] if last_name(expr.func) == "Field" else args[1:2]
            defaults = [*given, *(k.value for k in keywords if k.arg in {"default", "fallback"})]
            return all(is_given(names, module, default, depth + 1) for default in defaults)
        case ast.JoinedStr() | ast.BinOp() | ast.Subscript():
            return True
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(is_given(names, module, value, depth + 1) for value in values)
        case ast.IfExp(body=one, orelse=other):
            return is_given(names, module, one, depth + 1) and is_given(names, module, other, depth + 1)
        case ast.Name() | ast.Attribute():
            symbol = names.resolve(module, expr)
            if symbol is None or symbol.module is None or not isinstance(symbol.node, ast.expr) or symbol.node is expr:
                return False
            return is_given(names, symbol.module, symbol.node, depth + 1)
    return False
