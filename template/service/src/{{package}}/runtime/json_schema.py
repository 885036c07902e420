"""JSON Schema, draft 7, of a task's arguments as they stand in a message: what `arguments` accepts, in kombu's JSON.

A UUID, a Decimal, a date, a datetime and a time travel as an object of `__type__` and `__value__`; `x-type` names them.
What JSON Schema has no keyword for stands in `x-constraints`. Integers are strict, those of an `enum` too: 1.0 is none.
"""

import inspect
import json
from typing import Any

from kombu.utils.json import dumps
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema

from .annotations import strict
from .errors import TaskOptionError

__all__ = ["default_of", "schema_of"]

JsonSchema = dict[str, Any]

DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2}(:?[0-9]{2}(\.[0-9]+)?)?)?"
PATTERNS = {
    "uuid": "^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$",
    "decimal": r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$",
    "date": f"^{DATE}$",
    "datetime": f"^{DATE}[T ]{TIME}$",
    "time": f"^{TIME}$",
}
"""Of the string in `__value__`, which for a UUID is its `hex`."""

COMPARED = GenerateJsonSchema.ValidationsMapping.numeric
OTHERS = ("max_digits", "decimal_places", "version", "now_op", "tz_constraint")
CHANGED = ("strip_whitespace", "to_lower", "to_upper")
"""pydantic's names of constraints: what compares numbers, what has no keyword, what changes a str before its check."""

OPEN = {"not": {"required": ["__type__", "__value__"], "maxProperties": 2}}
"""Of an object that may have a str as a value: kombu makes something else of one with exactly these keys."""


class WireSchema(GenerateJsonSchema):
    """pydantic's JSON Schema, with kombu's form of what JSON has no type for."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  # as pydantic declares it

    def uuid_schema(self, schema: Any) -> JsonSchema:
        """{"__type__": "uuid", "__value__": {"hex": ...}}."""
        return _typed("uuid", schema)

    def decimal_schema(self, schema: Any) -> JsonSchema:
        """{"__type__": "decimal", "__value__": "1.50"}."""
        return _typed("decimal", schema)

    def date_schema(self, schema: Any) -> JsonSchema:
        """{"__type__": "date", "__value__": "2026-01-31"}."""
        return _typed("date", schema)

    def datetime_schema(self, schema: Any) -> JsonSchema:
        """{"__type__": "datetime", "__value__": "2026-01-31T12:00:00+00:00"}."""
        return _typed("datetime", schema)

    def time_schema(self, schema: Any) -> JsonSchema:
        """{"__type__": "time", "__value__": "12:00:00"}."""
        return _typed("time", schema)

    def literal_schema(self, schema: Any) -> JsonSchema:
        """An enum, of one value too. Raises TypeError for a value that JSON does not carry."""
        if odd := [value for value in schema["expected"] if type(value) not in (str, int, bool, type(None))]:
            raise TypeError(f"{odd[0]!r} is no str, int, bool or None")
        found = super().literal_schema(schema)
        return {**{name: value for name, value in found.items() if name != "const"}, "enum": schema["expected"]}

    def str_schema(self, schema: Any) -> JsonSchema:
        """What is checked after a change, such as stripping blanks, is no keyword."""
        found = super().str_schema(schema)
        if not (changes := {name: True for name in CHANGED if schema.get(name)}):
            return found
        return {"type": "string", "x-constraints": {**{k: v for k, v in found.items() if k != "type"}, **changes}}

    def tuple_schema(self, schema: Any) -> JsonSchema:
        """In draft 7, the items of a tuple are `items`."""
        found = super().tuple_schema(schema)
        return {"items" if name == "prefixItems" else name: value for name, value in found.items()}

    def dict_schema(self, schema: Any) -> JsonSchema:
        """See OPEN."""
        found = super().dict_schema(schema)
        values = found.get("additionalProperties", True)
        if values is True:
            del found["additionalProperties"]
        elif values.get("type", "string") != "string":
            return found
        return {**found, **OPEN}

    def sort(self, value: JsonSchema, parent_key: str | None = None) -> JsonSchema:
        """Keywords stay in the order in which they are read best."""
        return value


def schema_of(task: str, name: str, parameter: inspect.Parameter) -> JsonSchema:
    """The schema of one argument of the task called `task`, without its default.

    Raises TaskOptionError for an annotation that no JSON Schema describes.
    """
    reason: object
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(strict(parameter.annotation))
        found = adapter.json_schema(schema_generator=WireSchema)
        reason = "it has definitions of its own" if "$defs" in found else ""
    except (TypeError, PydanticUserError) as error:
        reason = str(error).partition("\n")[0]
    if reason:
        raise TaskOptionError(
            f"expected the annotation of {name} in {task} to have a JSON Schema, "
            f"got: {inspect.formatannotation(parameter.annotation)} ({reason}); "
            "annotate what travels: a key, a primitive, a list"
        )
    found.pop("default", None)
    tidy: JsonSchema = _tidy(found)
    return tidy


def default_of(parameter: inspect.Parameter) -> JsonSchema:
    """`default` as it would stand in a message; nothing for one that JSON does not carry."""
    try:
        return {"default": json.loads(dumps(parameter.default, allow_nan=False))}
    except (TypeError, ValueError):
        return {}


def _typed(kind: str, schema: Any) -> JsonSchema:
    value: JsonSchema = {"type": "string", "pattern": PATTERNS[kind]}
    if kind == "uuid":
        value = {"type": "object", "properties": {"hex": value}, "required": ["hex"], "additionalProperties": False}
    return {
        "type": "object",
        "x-type": kind,
        "properties": {"__type__": {"const": kind}, "__value__": value},
        "required": ["__type__", "__value__"],
        "additionalProperties": False,
        **{name: schema[name] for name in (*COMPARED, *OTHERS) if name in schema},
    }


def _tidy(schema: Any) -> Any:
    """Without what says nothing; what pydantic leaves under names of its own is a keyword, or a constraint."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        COMPARED.get(name, name): _tidy(value)
        for name, value in schema.items()
        if name != "examples" and (name, value) != ("items", {})
    }
    if "x-type" in found:
        constraints = {name: str(found.pop(name)) for name in (*COMPARED.values(), *OTHERS) if name in found}
        found |= {"x-constraints": constraints} if constraints else {}
    return found
