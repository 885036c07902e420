"""The signature of the function that a client has for a task, from the schemas of its arguments."""

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import BadInput
from .annotations import annotation_of, literal

__all__ = ["Parameter", "Signature", "signature_of"]

LINE = 120 - len('        "": NotRequired[],')
"""Characters for a name and an annotation in a line of the client's module, or an annotation and a default."""

OMITTED = "OMITTED"
"""The default of an argument whose own is not shown."""


@dataclass(frozen=True)
class Parameter:
    """An argument by the name that callers have for it. default: as Python, "" for an argument that has to be given."""

    name: str
    wire_name: str
    annotation: str
    default: str

    def __str__(self) -> str:
        """As it stands in the function's signature."""
        return f"{self.name}: {self.annotation}{f' = {self.default}' if self.default else ''}"


@dataclass(frozen=True)
class Signature:
    """The parameters of a function: by position or name, more by position, by name alone, more by name."""

    positional: tuple[Parameter, ...]
    rest: str
    named: tuple[Parameter, ...]
    others: str

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those that have names."""
        return self.positional + self.named

    @property
    def lines(self) -> list[str]:
        """Each parameter as Python, in order."""
        star = [f"*{self.rest}"] if self.rest else ["*"] if self.named else []
        more = [f"**{self.others}"] if self.others else []
        return [*map(str, self.positional), *star, *map(str, self.named), *more]

    @property
    def annotations(self) -> list[str]:
        """All annotations in it."""
        return [line.partition(": ")[2] for line in self.lines]


def signature_of(task: str, by_position: Mapping[str, Any], schema: Mapping[str, Any]) -> Signature:
    """The signature of a task's function; BadInput for names that Python does not take.

    by_position: the schema of what travels by position. schema: that of what travels by name.
    """
    items, least = by_position.get("items", []), by_position.get("minItems", 0)
    several = not isinstance(items, list)
    places = [] if several else [_mapping(each, task) for each in items]
    first = [_parameter(task, str(each.get("x-name")), each, place < least) for place, each in enumerate(places)]
    properties = {wire: _mapping(each, task) for wire, each in schema.get("properties", {}).items()}
    required, order = schema.get("required", ()), schema.get("x-positional", ())
    named = {wire: _parameter(task, wire, each, wire in required) for wire, each in properties.items()}
    rest = items if several else by_position.get("additionalItems", "maxItems" not in by_position)
    positional = first if rest is not False else _in_order(first, [named[wire] for wire in order if wire in named])
    left = tuple(each for each in named.values() if each not in positional)
    names = [each.name for each in (*positional, *left)]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput(f"expected the arguments of {task} to have names of their own, got: {twice} twice; rename one")
    others = schema.get("additionalProperties", True)
    return Signature(tuple(positional), _star("args", rest, names, task), left, _star("kwargs", others, names, task))


def _parameter(task: str, wire_name: str, schema: Mapping[str, Any], required: bool) -> Parameter:
    name = schema.get("x-argument", wire_name)
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        got = f"{name}, a Python keyword" if isinstance(name, str) and keyword.iskeyword(name) else f"{name!r:.50}"
        raise BadInput(
            f"expected the names of the arguments of {task} to be names in Python, got: {got}; "
            "rename the argument in the service: former_arguments keeps its messages"
        )
    annotation = annotation_of(schema, f"argument {name} of {task}", LINE - len(name))
    return Parameter(name, wire_name, annotation, "" if required else _default(schema, LINE - len(name + annotation)))


def _default(schema: Mapping[str, Any], most: int) -> str:
    value = schema.get("default", ...)
    if value is ... or isinstance(value, list | dict):
        return OMITTED
    text = literal(value)
    return text if len(text) <= most + 7 else OMITTED


def _in_order(first: Sequence[Parameter], named: Sequence[Parameter]) -> list[Parameter]:
    """Those that may be passed by position: in Python none without a default follows one that has one."""
    found: list[Parameter] = []
    for each in (*first, *named):
        if found and found[-1].default and not each.default:
            break
        found.append(each)
    return found


def _star(name: str, schema: Any, taken: Sequence[str], task: str) -> str:
    if schema is False:
        return ""
    while name in taken:
        name += "_"
    return f"{name}: {annotation_of(schema, f'further arguments of {task}')}"


def _mapping(schema: Any, task: str) -> Mapping[str, Any]:
    if not isinstance(schema, dict):
        raise BadInput(
            f"expected the schemas of the arguments of {task} to be objects, got: {schema!r:.100}; "
            "print the contract anew with the service's command contract"
        )
    return schema
