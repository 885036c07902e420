"""How long a countdown or the time to an ETA is, in seconds, as far as the code tells."""

import ast
import math
import re
from collections.abc import Callable

from asyncgen.check.analysis.spans import (
    ANYTHING,
    Span,
    chosen,
    distinct,
    divided,
    each,
    minus,
    plus,
    power,
    times,
)
from asyncgen.check.model.names import Names
from asyncgen.check.model.values import literal, time_parts
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["Delays"]

_DEPTH = 10
_DAY = 86400.0
_NOW = {"now", "utcnow", "localtime", "now_utc"}
_SAME = {"int", "float", "round", "ceil", "floor", "abs", "total_seconds"}
_MAY_BE_NEGATIVE = re.compile(r"offset|delta|diff|drift|shift|adjust|skew", re.IGNORECASE)
_FRACTION = re.compile(r"random|fraction|ratio|share|percent|spread|factor|jitter|progress|scale", re.IGNORECASE)


_MIDNIGHT = Span(-_DAY, 0)  # from now, today's


class Delays:
    """`retries` is what `self.request.retries` is taken to be.

    A list of spans has one for each branch. What is added is taken to be no less than 0, what is multiplied to be a
    count of at least 1, unless its name says otherwise.
    """

    def __init__(self, names: Names, retries: float | None = None) -> None:
        self.names = names
        self.retries = retries
        self._given: dict[ast.AST, list[Span]] = {}

    def of(self, module: Module, expr: ast.expr, depth: int = 0) -> list[Span]:
        """The seconds of a number or a timedelta."""
        known = literal(self.names, module, expr)
        if isinstance(known, int | float) and not isinstance(known, bool):
            return [Span(known, known)]
        if depth > _DEPTH:
            return [ANYTHING]

        def inner(part: ast.expr) -> list[Span]:
            return self.of(module, part, depth + 1)

        match expr:
            case ast.Attribute(value=ast.Attribute(attr="request") | ast.Name(id="request"), attr="retries"):
                return [ANYTHING if self.retries is None else Span(self.retries, self.retries)]
            case ast.Name() | ast.Attribute():
                return self._named(module, expr, depth, self.of)
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                until, since = self.until(module, left, depth + 1), self.until(module, right, depth + 1)
                if ANYTHING not in [*until, *since]:
                    return each(minus, until, since)
                return each(minus, inner(left), inner(right))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return each(plus, self._part(module, left, 0, depth), self._part(module, right, 0, depth))
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return each(times, self._part(module, left, 1, depth), self._part(module, right, 1, depth))
            case ast.BinOp(left=left, op=ast.Div() | ast.FloorDiv(), right=right):
                return each(divided, self._part(module, left, 0, depth), inner(right))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return each(power, inner(left), self._part(module, right, 0, depth))
            case ast.IfExp(body=one, orelse=other):
                return distinct([*inner(one), *inner(other)])
            case ast.BoolOp(op=ast.Or(), values=values):
                return distinct(span for value in values for span in inner(value))
            case ast.Call():
                return self._call(module, expr, depth)
        return [ANYTHING]

    def until(self, module: Module, expr: ast.expr, depth: int = 0) -> list[Span]:
        """The seconds from now to a point in time that is counted from now or from today's midnight."""
        if depth > _DEPTH:
            return [ANYTHING]
        match expr:
            case ast.Name() | ast.Attribute():
                return self._named(module, expr, depth, self.until)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                start = self.until(module, left, depth + 1)
                if start == [ANYTHING]:
                    left, right = right, left
                    start = self.until(module, left, depth + 1)
                return each(plus, start, self._part(module, right, 0, depth))
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return each(minus, self.until(module, left, depth + 1), self.of(module, right, depth + 1))
            case ast.IfExp(body=one, orelse=other):
                return distinct([*self.until(module, one, depth + 1), *self.until(module, other, depth + 1)])
            case ast.Call():
                return self._instant(module, expr, depth)
        return [ANYTHING]

    def _instant(self, module: Module, call: ast.Call, depth: int) -> list[Span]:
        last = last_name(call.func)
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if last == "today":
            return [_MIDNIGHT if owner is not None and last_name(owner) == "date" else Span(0, 0)]
        if last in _NOW and not (last == "localtime" and call.args):
            return [Span(0, 0)]
        if last == "combine" and len(call.args) > 1 and isinstance(call.args[1], ast.Call):
            return each(plus, self.until(module, call.args[0], depth + 1), [_time_of_day(call.args[1].args, {})])
        if last in {"make_aware", "localtime"} and call.args:
            return self.until(module, call.args[0], depth + 1)
        start = self.until(module, owner, depth + 1) if owner is not None else [ANYTHING]
        if last == "date":
            return each(plus, start, [_MIDNIGHT])
        if last == "replace":
            return each(plus, start, [_replaced({k.arg or "": k.value for k in call.keywords})])
        if last in {"add", "shift"} and call.keywords:  # pendulum, arrow
            return each(plus, start, self._units(module, call, depth))
        return start if last == "astimezone" else [ANYTHING]

    def _call(self, module: Module, call: ast.Call, depth: int) -> list[Span]:
        last = last_name(call.func)
        arguments = [self.of(module, argument, depth + 1) for argument in call.args]
        if last in {"timedelta", "duration"} or (last == "relativedelta" and not call.args):
            return self._units(module, call, depth)
        if last in {"min", "max"} and len(arguments) > 1:
            return chosen(min if last == "min" else max, arguments)
        if last in {"randint", "randrange", "uniform"} and arguments:
            first = arguments[0][0] if len(arguments) > 1 else Span(0, 0)
            return [Span(first.low, arguments[min(1, len(arguments) - 1)][0].high)]
        if last == "random":
            return [Span(0, 1)]
        if last in _SAME:
            inner = call.args[0] if call.args else call.func.value if isinstance(call.func, ast.Attribute) else call
            return self.of(module, inner, depth + 1) if inner is not call else [ANYTHING]
        return self._returned(module, call, arguments, depth)

    def _units(self, module: Module, call: ast.Call, depth: int) -> list[Span]:
        total = [Span(0, 0)]
        for seconds, amount in time_parts(call):
            if math.isnan(seconds):
                return [ANYTHING]
            total = each(plus, total, each(times, [Span(seconds, seconds)], self._part(module, amount, 1, depth)))
        return total

    def _returned(self, module: Module, call: ast.Call, arguments: list[list[Span]], depth: int) -> list[Span]:
        """What a function of the project that consists of one `return` gives for these arguments."""
        callee = self.names.resolve(module, call.func)
        if callee is None or callee.module is None or not isinstance(callee.node, Function):
            return [ANYTHING]
        body = [statement for statement in callee.node.body if not isinstance(statement, ast.Expr)]
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            return [ANYTHING]
        parameters = [a for a in callee.node.args.args if a.arg not in {"self", "cls"}]
        self._given.update(zip(parameters, arguments, strict=False))
        return self.of(callee.module, body[0].value, depth + 1)

    def _named(
        self, module: Module, expr: ast.expr, depth: int, read: Callable[[Module, ast.expr, int], list[Span]]
    ) -> list[Span]:
        found = self.names.bindings(module, expr.id, expr) if isinstance(expr, ast.Name) else []
        if found and all(binding.kind == "param" for binding in found):
            return self._given.get(found[0].node, [ANYTHING])
        if found and all(binding.kind == "value" for binding in found):
            values = [binding.target for binding in found if isinstance(binding.target, ast.expr)]
            return distinct(span for value in values for span in read(module, value, depth + 1))
        symbol = self.names.resolve(module, expr)
        if symbol is None or symbol.module is None or not isinstance(symbol.node, ast.expr) or symbol.node is expr:
            return [ANYTHING]
        return read(symbol.module, symbol.node, depth + 1)

    def _part(self, module: Module, expr: ast.expr, least: float, depth: int) -> list[Span]:
        """A term or a factor: what is not known of it is at least an amount."""
        found = self.of(module, expr, depth + 1)
        doubtful = _FRACTION if least else _MAY_BE_NEGATIVE
        plain = isinstance(expr, ast.Name | ast.Attribute | ast.Subscript | ast.Call) and last_name(expr) != "retries"
        if found != [ANYTHING] or not plain or doubtful.search(ast.unparse(expr)):
            return found
        return [Span(least, math.inf)]


def _replaced(given: dict[str, ast.expr]) -> Span:
    """What `replace(hour=9)` adds to a point in time."""
    if set(given) <= {"second", "microsecond", "tzinfo", "fold"}:
        return Span(0, 0)
    if "hour" not in given or {"day", "month", "year"} & set(given):
        return ANYTHING
    return plus(_MIDNIGHT, _time_of_day([], given))


def _time_of_day(args: list[ast.expr], keywords: dict[str, ast.expr]) -> Span:
    """`time(9, 30)` from midnight on; of what is not said, the whole range."""
    given = {**dict(zip(("hour", "minute"), args, strict=False)), **keywords}
    low, high = 0.0, 0.0
    for unit, seconds, most in (("hour", 3600, 23), ("minute", 60, 59)):
        value = given.get(unit)
        known = value.value if isinstance(value, ast.Constant) and isinstance(value.value, int) else None
        low += seconds * (known or 0)
        high += seconds * (most if known is None else known)
    return Span(low, high)
