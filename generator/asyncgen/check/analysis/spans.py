"""From the least to the most that a number can be, and what sums and products make of it."""

import math
from collections.abc import Callable, Iterable
from itertools import product
from typing import NamedTuple

__all__ = ["ANYTHING", "Span", "chosen", "distinct", "divided", "each", "minus", "plus", "power", "times"]

#: Alternatives that are looked at; more branches than that have one delay only by chance.
_MOST = 16


class Span(NamedTuple):
    low: float
    high: float


ANYTHING = Span(-math.inf, math.inf)


def each(combine: Callable[[Span, Span], Span], one: list[Span], other: list[Span]) -> list[Span]:
    pairs = list(product(one, other))[:_MOST]
    return distinct(ANYTHING if ANYTHING in pair else combine(*pair) for pair in pairs)


def chosen(choose: Callable[..., float], alternatives: list[list[Span]]) -> list[Span]:
    """The least (`min`) or the greatest (`max`) of some numbers."""
    several = list(product(*alternatives))[:_MOST]
    return distinct(Span(choose(s.low for s in spans), choose(s.high for s in spans)) for spans in several)


def distinct(spans: Iterable[Span]) -> list[Span]:
    return list(dict.fromkeys(spans))


def plus(one: Span, other: Span) -> Span:
    return Span(one.low + other.low, one.high + other.high)


def minus(one: Span, other: Span) -> Span:
    return Span(one.low - other.high, one.high - other.low)


def times(one: Span, other: Span) -> Span:
    corners = [0.0 if 0 in pair else pair[0] * pair[1] for pair in product(one, other)]
    return Span(min(corners), max(corners))


def divided(one: Span, other: Span) -> Span:
    if other.low <= 0 or math.isinf(other.low):
        return ANYTHING
    return times(one, Span(1 / other.high, 1 / other.low))


def power(one: Span, other: Span) -> Span:
    if one.low < 1 or other.low < 0:
        return ANYTHING
    return Span(_raised(one.low, other.low), _raised(one.high, other.high))


def _raised(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
