"""What a contract says of each task: its names, its queue, and the JSON Schema of its arguments.

Arguments are checked as they stand in a message, in kombu's JSON, and strictly: 1.0 and True are no integers.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from kombu.utils.json import dumps

from ..errors import PayloadError

__all__ = ["Contract", "TaskContract", "described"]

LONGEST = 100
"""Characters of a value or a reason in an error."""


def _is_one_of(validator: Any, values: Sequence[Any], instance: Any, schema: Any) -> Any:
    """`enum`, for which 1, 1.0 and true are three values."""
    if json.dumps(instance, sort_keys=True) not in {json.dumps(value, sort_keys=True) for value in values}:
        yield ValidationError(f"{instance!r} is not one of {list(values)!r}")


Strictly: Any = extend(
    Draft7Validator,
    {"enum": _is_one_of, "const": lambda validator, value, *rest: _is_one_of(validator, [value], *rest)},
    type_checker=Draft7Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda checker, value: type(value) is int,
            "number": lambda checker, value: type(value) in (int, float),
        }
    ),
)


@dataclass(frozen=True)
class Argument:
    """One argument: its name for callers, its schema, and whether a call has to have it."""

    task: str
    name: str
    schema: Any
    required: bool = False

    def on_the_wire(self, value: Any) -> Any:
        """The value as plain JSON, in the form in which the service writes it. Raises PayloadError."""
        plain = json.loads(dumps(value))
        if error := best_match(self._validator.iter_errors(plain)):
            reason = str(error.message)
            raise PayloadError(
                f"expected argument {self.name} of {self.task} to be {described(self.schema)}, "
                f"got: {value!r:.{LONGEST}} of type {type(value).__name__} ({reason:.{LONGEST}}); "
                "pass what the contract says"
            )
        return _with_floats(self._validator, plain) if self._has_numbers else plain

    @cached_property
    def _has_numbers(self) -> bool:
        return '"number"' in json.dumps(self.schema)

    @cached_property
    def _validator(self) -> Any:
        return Strictly(self.schema)


@dataclass(frozen=True)
class TaskContract:
    """One task. Names on the wire may be former ones; callers use the present ones.

    name: Celery's, in messages; own_name: the one that the code gives it. queue: the name of its channel.
    keeps_result: whether the worker keeps what it returns.
    first: the arguments that travel by position; rest: the schema of more of them, if they may follow.
    named: those that travel by name, by their names on the wire; others: the schema of further ones, if any may.
    """

    name: str
    own_name: str
    queue: str
    keeps_result: bool
    first: tuple[Argument, ...]
    rest: Any
    named: Mapping[str, Argument]
    others: Any

    def message(self, values: Mapping[str, Any], rest: Sequence[Any] = ()) -> tuple[list[Any], dict[str, Any]]:
        """What travels by position, and what by name. Raises PayloadError for a call that the task does not take.

        values: by the callers' names. rest: what follows the arguments that travel by position.
        """
        wire_names = {argument.name: wire for wire, argument in self.named.items()}
        given = [each.name in values for each in self.first]
        first = self.first if rest else self.first[: len(given) - given[::-1].index(True)] if any(given) else ()
        named = {name: value for name, value in values.items() if name not in {each.name for each in first}}
        if self.others is False and (unknown := named.keys() - wire_names.keys()):
            raise self._unknown(min(unknown))
        return self.checked(
            [*(self._by_position(each, values) for each in first), *rest],
            {wire_names.get(name, name): value for name, value in named.items()},
        )

    def checked(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a message as plain JSON. Raises PayloadError."""
        if len(args) > len(self.first) and self.rest is False:
            raise PayloadError(
                f"expected {self.own_name} to take {len(self.first)} arguments by position, got: {len(args)}; "
                "pass them by name"
            )
        missing = [each for each in self.first[len(args) :] if each.required]
        missing += [each for wire, each in self.named.items() if each.required and wire not in kwargs]
        if missing:
            raise PayloadError(
                f"expected argument {missing[0].name} of {self.own_name} to be {described(missing[0].schema)}, "
                "got: nothing; pass it"
            )
        places = [*self.first, *(Argument(self.own_name, "by position", self.rest) for _ in args)]
        return (
            [place.on_the_wire(value) for place, value in zip(places, args, strict=False)],
            {name: self._by_name(name).on_the_wire(value) for name, value in kwargs.items()},
        )

    def _by_name(self, wire: str) -> Argument:
        if wire not in self.named and self.others is False:
            raise self._unknown(wire)
        return self.named.get(wire) or Argument(self.own_name, wire, self.others)

    def _by_position(self, argument: Argument, values: Mapping[str, Any]) -> Any:
        if argument.name not in values and "default" not in argument.schema:
            raise PayloadError(
                f"expected argument {argument.name} of {self.own_name} to be given, since one after it travels by "
                "position too, got: nothing; pass it"
            )
        return values.get(argument.name, argument.schema.get("default"))

    def _unknown(self, name: str) -> PayloadError:
        known = ", ".join(each.name for each in (*self.first, *self.named.values()))
        return PayloadError(
            f"expected the arguments of {self.own_name} to be {known or 'none'}, got: {name}; correct the call"
        )


class Contract:
    """The AsyncAPI document of a service's tasks."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.channels: Mapping[str, Any] = document["channels"]
        messages, schemas = document["components"]["messages"], document["components"]["schemas"]
        queues = {key: queue for queue, channel in self.channels.items() for key in channel["messages"]}
        self.tasks = {key: _task(message, schemas, queues[key]) for key, message in messages.items()}
        """By the names of their functions."""
        self.by_name = {task.name: task for task in self.tasks.values()}
        """By their names in messages."""
        concerned = json.dumps(
            {part: document[part] for part in ("channels", "components")}, sort_keys=True, separators=(",", ":")
        )
        self.digest = hashlib.sha256(concerned.encode()).hexdigest()[:12]
        """Tells a worker which contract a message was made from."""

    @classmethod
    @cache
    def read(cls, file: Path) -> "Contract":
        """The contract in a JSON file, read once."""
        return cls(json.loads(file.read_text(encoding="utf-8")))


def _task(message: Mapping[str, Any], schemas: Mapping[str, Any], queue: str) -> TaskContract:
    name, options = message["name"], message.get("x-task", {})
    by_position, by_name, _ = (_resolved(item, schemas) for item in message["payload"]["items"])
    own_name = options.get("own_name", name)
    items, least = by_position.get("items", []), by_position.get("minItems", 0)
    several = not isinstance(items, list)  # then all that travels by position has one schema

    def argument(wire: str, schema: Mapping[str, Any], required: bool) -> Argument:
        return Argument(own_name, schema.get("x-argument", wire), schema, required)

    return TaskContract(
        name,
        own_name,
        queue,
        "keep_result" in options,
        () if several else tuple(argument(each["x-name"], each, place < least) for place, each in enumerate(items)),
        items if several else by_position.get("additionalItems", "maxItems" not in by_position),
        {
            wire: argument(wire, each, wire in by_name.get("required", ()))
            for wire, each in by_name.get("properties", {}).items()
        },
        by_name.get("additionalProperties", True),
    )


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _with_floats(validator: Any, value: Any) -> Any:
    """The value with `1.0` for a 1 where a float is expected: what is the same for a task is so for its key, too."""
    schema = validator.schema
    if not isinstance(schema, dict):
        return value
    alternatives: list[Any] = schema.get("anyOf") or schema.get("oneOf") or []
    for alternative in alternatives:
        if (inner := validator.evolve(schema=alternative)).is_valid(value):
            return _with_floats(inner, value)
    if type(value) is int and schema.get("type") == "number":
        return float(value)
    if isinstance(value, list):
        items = schema.get("items", True)
        if not isinstance(items, list):
            inner = validator.evolve(schema=items)
            return [_with_floats(inner, each) for each in value]
        return [_with_floats(validator.evolve(schema=each), v) for each, v in zip(items, value, strict=False)]
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        return {name: _with_floats(validator.evolve(schema=known.get(name, others)), v) for name, v in value.items()}
    return value


def described(schema: Any) -> str:
    """A schema in a few words."""
    if not isinstance(schema, dict):
        return "JSON"
    if "x-type" in schema:
        return str(schema["x-type"])
    if "enum" in schema:
        return f"one of {', '.join(map(repr, schema['enum']))}"
    if parts := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(map(described, parts))
    kinds = schema.get("type", "JSON")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)
