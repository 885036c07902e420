"""What is no JSON Schema in a contract: it is a file that people may edit."""

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["misshapen"]

TYPES = {"null", "boolean", "integer", "number", "string", "array", "object"}


def misshapen(schema: Any, place: str) -> Iterator[str]:
    """The places in a schema, below `place`, whose values their keywords do not admit."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield place
        return
    for name, value in schema.items():
        at = f"{place}/{name}"
        if name in _ADMITS and not _ADMITS[name](value):
            yield at
        elif name in ("anyOf", "prefixItems", "properties") or (name == "items" and isinstance(value, list)):
            parts = value.items() if name == "properties" else enumerate(value)
            for part, inner in parts:
                yield from misshapen(inner, f"{at}/{part}")
        elif name in ("items", "additionalItems", "additionalProperties", "propertyNames"):
            yield from misshapen(value, at)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _step(value: Any) -> bool:
    return _number(value) and value > 0


def _count(value: Any) -> bool:
    return _number(value) and isinstance(value, int) and value >= 0


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _types(value: Any) -> bool:
    return value in TYPES if isinstance(value, str) else _names(value) and {*value} <= TYPES


_ADMITS: dict[str, Callable[[Any], bool]] = {
    "type": _types,
    "multipleOf": _step,
    "properties": _mapping,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _count),
    **dict.fromkeys(("anyOf", "enum", "prefixItems"), _list),
    **dict.fromkeys(("required", "x-positional"), _names),
    **dict.fromkeys(("x-argument", "x-name"), _text),
}
