"""The keywords of JSON Schema that refuse values, by the type of those values: which of them a new schema narrows."""

from collections.abc import Callable, Iterator, Mapping
from math import ceil, floor, inf
from typing import Any

from .json_values import Schema, same

__all__ = ["CHECKS", "KEYWORDS", "items_of"]

Simple = Mapping[str, Any]
"""A schema of one type, without `anyOf`."""
Narrowed = Callable[[Schema, Schema], str]
Check = Callable[[Simple, Simple, Narrowed], Iterator[str]]
"""Why a new schema may refuse a value of this type that an old one accepts."""


def _numbers(old: Simple, new: Simple, narrowed: Narrowed) -> Iterator[str]:
    whole = old["type"] == "integer"
    (old_low, old_high), (low, high) = _interval(old, whole), _interval(new, whole)
    if low > old_low:
        yield f"it has to be {'above' if low[1] else 'at least'} {low[0]} now"
    if high < old_high:
        yield f"it has to be {'at most' if high[1] else 'below'} {high[0]} now"
    yield from _step(old, new, 1 if whole else None)


def _interval(schema: Simple, whole: bool) -> tuple[tuple[float, int], tuple[float, int]]:
    """The ends as (number, whether it is beyond or within): a greater low end and a smaller high one are narrower."""
    lows, highs = [(-inf, 0)], [(inf, 1)]
    if "minimum" in schema:
        lows.append((ceil(schema["minimum"]) if whole else schema["minimum"], 0))
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"]
        lows.append((floor(low) + 1, 0) if whole else (low, 1))
    if "maximum" in schema:
        highs.append((floor(schema["maximum"]) if whole else schema["maximum"], 1))
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"]
        highs.append((ceil(high) - 1, 1) if whole else (high, 0))
    return max(lows), min(highs)


def _step(old: Simple, new: Simple, usual: int | None) -> Iterator[str]:
    step = new.get("multipleOf")
    old_step = old.get("const", old.get("multipleOf", usual))
    if step is None or same(step, old.get("multipleOf")):
        return
    if not (isinstance(step, int) and isinstance(old_step, int) and old_step % step == 0):
        yield f"it has to be a multiple of {step} now"


def _strings(old: Simple, new: Simple, narrowed: Narrowed) -> Iterator[str]:
    yield from _size(old, new, "minLength", "maxLength")


def _arrays(old: Simple, new: Simple, narrowed: Narrowed) -> Iterator[str]:
    (first, others), (new_first, new_others) = items_of(old), items_of(new)
    longest = min(old.get("maxItems", inf), len(first) if others is False else inf)
    places = max(len(first), len(new_first))
    yield from _size({**old, "maxItems": longest}, new, "minItems", "maxItems")
    for place in range(int(min(places, longest))):
        before, after = [*first, others][min(place, len(first))], [*new_first, new_others][min(place, len(new_first))]
        if reason := narrowed(before, after):
            yield f"its item {place + 1}: {reason}"
    if longest > places and (reason := narrowed(others, new_others)):
        yield f"its items: {reason}"
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield "its items have to be unique now"


def items_of(schema: Simple) -> tuple[list[Schema], Schema]:
    """The schemas of the first items and of all others: in JSON Schema draft 7, or with its later `prefixItems`."""
    items = schema.get("items", True)
    if isinstance(items, list):
        return items, schema.get("additionalItems", True)
    return schema.get("prefixItems", []), items


def _objects(old: Simple, new: Simple, narrowed: Narrowed) -> Iterator[str]:
    least = {"minProperties": max(old.get("minProperties", 0), len(set(old.get("required", []))))}
    others, new_others = old.get("additionalProperties", True), new.get("additionalProperties", True)
    known, new_known = old.get("properties", {}), new.get("properties", {})
    if others is False:
        least["maxProperties"] = min(old.get("maxProperties", len(known)), len(known))
    yield from _size({**old, **least}, new, "minProperties", "maxProperties")
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"its property {name} is required now"
    for name in dict.fromkeys([*known, *new_known]):
        if reason := narrowed(known.get(name, others), new_known.get(name, new_others)):
            yield f"its property {name}: {reason}"
    if reason := narrowed(others, new_others):
        yield f"its other properties: {reason}"
    names = [{"const": name} for name in known] if others is False else [old.get("propertyNames", {"type": "string"})]
    if reason := next(filter(None, (narrowed(each, new.get("propertyNames", True)) for each in names)), ""):
        yield f"the names of its properties: {reason}"


def _size(old: Simple, new: Simple, least: str, most: str) -> Iterator[str]:
    if new.get(least, 0) > old.get(least, 0):
        yield f"its {least} is {new[least]} now"
    if new.get(most, inf) < old.get(most, inf):
        yield f"its {most} is {new[most]} now"


CHECKS: dict[str, Check] = {
    "integer": _numbers,
    "number": _numbers,
    "string": _strings,
    "array": _arrays,
    "object": _objects,
}

KEYWORDS = {
    *("type", "const", "enum"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength"),
    *("items", "additionalItems", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    *("properties", "required", "additionalProperties", "propertyNames", "minProperties", "maxProperties"),
}
"""What is compared here; each refuses values of its own type alone."""
