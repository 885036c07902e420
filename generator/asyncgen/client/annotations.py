"""Python's types for the JSON Schema, draft 7, of an argument; what has no type is refused."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ..errors import BadInput

__all__ = ["annotation_of", "literal"]

WIRE_TYPES = {"uuid": "UUID", "decimal": "Decimal", "date": "date", "datetime": "datetime", "time": "time"}
SCALARS = {"integer": "int", "number": "float", "string": "str", "boolean": "bool", "null": "None"}


CONSTRAINTS = {
    *("title", "description", "default", "examples", "format", "not", "required", "pattern", "uniqueItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
}
"""Keywords that are checked when a task is published, and say nothing of Python's types."""

STRUCTURE = {
    *("type", "enum", "const", "anyOf", "oneOf", "items", "additionalItems"),
    *("properties", "additionalProperties", "propertyNames"),
}


def annotation_of(schema: Any, argument: str, most: int = 1000) -> str:
    """The annotation for a schema; BadInput for one that Python's types do not express.

    argument: what the sentence calls it. most: the characters that it may take; what takes more is said less exactly.
    """
    kinds = (_annotation(schema, argument, exact) for exact in (True, False))
    return next((kind for kind in kinds if len(kind) <= most), "Any")


def _annotation(schema: Any, argument: str, exact: bool) -> str:
    if schema is True or schema == {}:
        return "Any"
    if not isinstance(schema, dict):
        raise _inexpressible(argument, schema)
    for keyword, value in schema.items():
        if keyword not in STRUCTURE | CONSTRAINTS and not keyword.startswith("x-"):
            raise _inexpressible(argument, {keyword: value})
    if not _compiles(schema.get("pattern", "")):
        raise _inexpressible(argument, {"pattern": schema["pattern"]})
    if "x-type" in schema:
        if schema["x-type"] not in WIRE_TYPES:
            raise _inexpressible(argument, {"x-type": schema["x-type"]})
        return WIRE_TYPES[schema["x-type"]]
    if "enum" in schema or "const" in schema:
        return _literals(schema["enum"] if "enum" in schema else [schema["const"]], argument, exact)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return _union([_annotation(each, argument, exact) for each in _list(schema, keyword, argument)])
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union([_annotation({**schema, "type": each}, argument, exact) for each in kind])
    if kind is None and not STRUCTURE & schema.keys():
        return "Any"
    if kind == "array":
        return _array(schema, argument, exact)
    if kind == "object":
        return _object(schema, argument, exact)
    if not isinstance(kind, str) or kind not in SCALARS:
        raise _inexpressible(argument, {"type": kind})
    return SCALARS[kind]


def literal(value: Any) -> str:
    """A value of JSON that is no list and no object, as ruff writes it in Python."""
    if not isinstance(value, str):
        return repr(value)
    text = json.dumps(value, ensure_ascii=not value.isprintable())
    return f"'{value}'" if '"' in value and "'" not in value and value.isprintable() and "\\" not in value else text


def _compiles(pattern: Any) -> bool:
    try:
        return bool(re.compile(pattern))
    except (re.error, RecursionError, OverflowError, TypeError):
        return False


def _literals(values: Any, argument: str, exact: bool) -> str:
    if not isinstance(values, list) or not values or not all(isinstance(v, str | int | None) for v in values):
        raise _inexpressible(argument, {"enum": values})
    if not exact:
        return _union(["None" if value is None else type(value).__name__ for value in values])
    return f"Literal[{', '.join(dict.fromkeys(map(literal, values)))}]"


def _array(schema: Mapping[str, Any], argument: str, exact: bool) -> str:
    items = schema.get("items", True)
    if not isinstance(items, list):
        return f"list[{_annotation(items, argument, exact)}]"
    kinds = [_annotation(each, argument, exact) for each in items]
    whole = schema.get("minItems") == schema.get("maxItems") == len(kinds)
    return f"tuple[{', '.join(kinds) or '()'}]" if whole else "list[Any]"


def _object(schema: Mapping[str, Any], argument: str, exact: bool) -> str:
    names = schema.get("propertyNames", {})
    if not isinstance(names, dict):
        raise _inexpressible(argument, {"propertyNames": names})
    key = _annotation(names, argument, exact) if "enum" in names else "str"
    values = schema.get("additionalProperties", True)
    if schema.get("properties") or values is False:
        return f"dict[{key}, Any]"
    return f"dict[{key}, {_annotation(values, argument, exact)}]"


def _union(kinds: list[str]) -> str:
    unique = dict.fromkeys(kinds)
    return (
        "Any"
        if "Any" in unique
        else " | ".join([*(kind for kind in unique if kind != "None"), *unique.keys() & {"None"}])
    )


def _list(schema: Mapping[str, Any], keyword: str, argument: str) -> list[Any]:
    found = schema[keyword]
    if not isinstance(found, list) or not found:
        raise _inexpressible(argument, {keyword: found})
    return found


def _inexpressible(argument: str, schema: Any) -> BadInput:
    return BadInput(
        f"expected the schema of {argument} to be one that Python's types express, got: {schema!r:.100}; "
        "annotate the argument of the task with a key, a primitive, a list or a dict"
    )
