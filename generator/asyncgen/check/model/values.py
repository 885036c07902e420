"""What an expression is worth, where that can be known from the code alone."""

import ast
import math
import operator
from collections.abc import Callable
from typing import Any, Final

from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module

__all__ = ["UNKNOWN", "literal", "same_value", "time_parts"]


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN: Final = _Unknown()

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_UNITS = {
    "years": 31536000,
    "months": 2419200,
    "weeks": 604800,
    "days": 86400,
    "hours": 3600,
    "minutes": 60,
    "seconds": 1,
    "milliseconds": 0.001,
    "microseconds": 0.000001,
}
_TIMEDELTA_ORDER = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")
_DEPTH = 12
_LONGEST = 100_000


def literal(names: Names, module: Module, expr: ast.expr, depth: int = 0) -> Any:
    """The value, or UNKNOWN. A timedelta is its seconds; a partly known dict holds UNKNOWN values.

    A name is known when all its assignments agree.
    """
    if depth > _DEPTH:
        return UNKNOWN

    def value(inner: ast.expr) -> Any:
        return literal(names, module, inner, depth + 1)

    match expr:
        case ast.Constant(value=constant):
            return constant
        case ast.Name() | ast.Attribute():
            return _named(names, module, expr, depth)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            found = [value(e) for e in elements if not isinstance(e, ast.Starred)]
            return UNKNOWN if len(found) != len(elements) else found
        case ast.Set(elts=elements):
            return [value(e) for e in elements]
        case ast.Dict():
            return _dict(expr, value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = value(operand)
            return -number if isinstance(number, int | float) else UNKNOWN
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            known = value(operand)
            return UNKNOWN if known is UNKNOWN else not known
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(op, value(left), value(right))
        case ast.JoinedStr(values=parts):
            return _prefix(parts)
        case ast.Call():
            return _call(names, module, expr, value)
        case ast.IfExp(body=body, orelse=orelse):
            one, other = value(body), value(orelse)
            return one if same_value(one, other) else UNKNOWN
    return UNKNOWN


def same_value(one: Any, other: Any) -> bool:
    return one is not UNKNOWN and type(one) is type(other) and bool(one == other)


def _named(names: Names, module: Module, expr: ast.expr, depth: int) -> Any:
    if isinstance(expr, ast.Name):
        bindings = names.bindings(module, expr.id, expr)
        values = [b for b in bindings if b.kind != "import"]
        if values:
            known = [
                literal(names, module, b.target, depth + 1)
                if b.kind == "value" and isinstance(b.target, ast.expr)
                else UNKNOWN
                for b in values
            ]
            return known[0] if all(same_value(known[0], k) for k in known) else UNKNOWN
    symbol = names.resolve(module, expr)
    if symbol is None:
        return UNKNOWN
    if symbol.name.startswith("django.conf.settings."):
        return _django_setting(names, symbol.name.rpartition(".")[2], depth)
    if symbol.module is None or not isinstance(symbol.node, ast.expr) or symbol.node is expr:
        return UNKNOWN
    if "()." in symbol.name:
        return UNKNOWN  # the environment may set an object's attribute to something else
    owner = symbol.module.names(symbol.module.tree).get(symbol.name.rpartition(".")[2], [])
    if len(owner) > 1:
        return UNKNOWN
    return literal(names, symbol.module, symbol.node, depth + 1)


def _django_setting(names: Names, key: str, depth: int) -> Any:
    found = []
    for module in names.codebase.modules:
        if "settings" in module.name:
            for binding in module.names(module.tree).get(key, []):
                if binding.kind == "value" and isinstance(binding.target, ast.expr):
                    found.append(literal(names, module, binding.target, depth + 1))
                else:
                    return UNKNOWN
    if found and all(same_value(found[0], other) for other in found):
        return found[0]
    return UNKNOWN


def _dict(expr: ast.Dict, value: Callable[[ast.expr], Any]) -> Any:
    found: dict[Any, Any] = {}
    for key, item in zip(expr.keys, expr.values, strict=True):
        if key is None:
            inner = value(item)
            if not isinstance(inner, dict):
                return UNKNOWN
            found.update(inner)
            continue
        known = value(key)
        if not isinstance(known, str | int | float | bool):
            return UNKNOWN
        found[known] = value(item)
    return found


def _arithmetic(op: ast.operator, left: Any, right: Any) -> Any:
    function = _OPERATORS.get(type(op))
    if function is None or left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(left, str | list) and isinstance(right, int) and right > _LONGEST:
        return UNKNOWN
    try:
        return function(left, right)
    except (TypeError, ZeroDivisionError, OverflowError):
        return UNKNOWN


def _prefix(parts: list[ast.expr]) -> Any:
    """Of an f-string the text is known only if it has no holes."""
    texts = [p.value for p in parts if isinstance(p, ast.Constant)]
    return "".join(map(str, texts)) if len(texts) == len(parts) else UNKNOWN


def _call(names: Names, module: Module, call: ast.Call, value: Callable[[ast.expr], Any]) -> Any:
    name = names.name(module, call.func)
    last = name.rpartition(".")[2]
    if last == "timedelta":
        return _seconds(call, value)
    if last == "total_seconds" and isinstance(call.func, ast.Attribute):
        return value(call.func.value)
    if name in {"builtins.int", "builtins.float", "builtins.round"} and len(call.args) == 1:
        number = value(call.args[0])
        return number if isinstance(number, int | float) else UNKNOWN
    if name == "builtins.dict" and not call.args:
        return {k.arg: value(k.value) for k in call.keywords if k.arg is not None}
    if name in {"builtins.frozenset", "builtins.set", "builtins.tuple", "builtins.list"}:
        return value(call.args[0]) if len(call.args) == 1 else []
    return UNKNOWN


def _seconds(call: ast.Call, value: Callable[[ast.expr], Any]) -> Any:
    total = 0.0
    for seconds, amount in time_parts(call):
        number = value(amount)
        if not isinstance(number, int | float):
            return UNKNOWN
        total += number * seconds
    return total


def time_parts(call: ast.Call) -> list[tuple[float, ast.expr]]:
    """What the arguments of `timedelta(...)` are worth: the seconds of a unit (not a number for what is none, the
    least for months and years), and how many of them.
    """
    given = [*zip(_TIMEDELTA_ORDER, call.args, strict=False), *((k.arg or "", k.value) for k in call.keywords)]
    return [(_UNITS.get(unit, math.nan), amount) for unit, amount in given]
