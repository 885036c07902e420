"""Whether a JSON Schema accepts every value that another one accepts, for the schemas that annotations give.

Sound, not complete: what is not certain counts as narrowed, and says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .json_values import Schema, constraints, same, shown
from .keywords import CHECKS, KEYWORDS, items_of

__all__ = ["FLOAT", "INTEGER", "forms", "narrowed"]

WHOLE = ("format", "not", "pattern", "x-constraints")
"""Keywords that mean the same whatever stands beside them, and are compared as a whole."""
INTEGER = "integer"
FLOAT = "float"
TYPES = ("null", "boolean", "number", "string", "array", "object")


def narrowed(old: Schema, new: Schema) -> str:
    """Which value `new` may refuse although `old` accepts it; "" if there certainly is none."""
    if old is False or new is True or (same(old, new) and '"$ref"' not in shown(old)):
        return ""
    if new is False:
        return "no value is accepted now"
    new = constraints(new)
    if "anyOf" in new and len(new) > 1:
        rest = {name: value for name, value in new.items() if name != "anyOf"}
        return narrowed(old, rest) or narrowed(old, {"anyOf": new["anyOf"]})
    choices = list(_choices(new))
    return next(filter(None, (_uncovered(case, choices) for case in _cases(old))), "")


def _choices(new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Schemas of which `new` accepts whatever one of them does."""
    for choice in new.get("anyOf", [new]):
        if choice is not False:
            keywords = constraints(choice)
            kinds = keywords.get("type")
            if set(keywords) == {"anyOf"}:
                yield from _choices(keywords)
            elif isinstance(kinds, list):
                yield from ({**keywords, "type": kind} for kind in kinds)
            else:
                yield keywords


def _cases(old: Schema) -> Iterator[dict[str, Any]]:
    """Schemas of one type or one value each, which together accept whatever `old` accepts, and perhaps more."""
    old = constraints(old)
    kinds = old.get("type", list(TYPES))
    if "anyOf" in old:
        rest = {name: value for name, value in old.items() if name != "anyOf"}
        for choice in old["anyOf"]:
            if choice is not False:
                yield from _cases({**rest, **constraints(choice)})
    elif "const" in old or "enum" in old:
        yield from map(_of_value, [old["const"]] if "const" in old else old["enum"])
    elif isinstance(kinds, list):
        for kind in kinds:
            yield from _cases({**old, "type": kind})
    elif kinds == "boolean":
        yield from map(_of_value, (False, True))
    elif kinds == "null":
        yield _of_value(None)
    else:
        yield old


def _of_value(value: Any) -> dict[str, Any]:
    """The schema of one value, with the keywords by which it is compared like any other."""
    schema: dict[str, Any] = {"const": value}
    if value is None:
        return schema | {"type": "null"}
    if isinstance(value, bool):
        return schema | {"type": "boolean"}
    if isinstance(value, int | float):
        kind = "integer" if isinstance(value, int) else "number"
        return schema | {"type": kind, "minimum": value, "maximum": value}
    if isinstance(value, list):
        return schema | {"type": "array", "items": [{"const": item} for item in value], **_exactly(value, "Items")}
    if isinstance(value, dict):
        properties = {name: {"const": item} for name, item in value.items()}
        closed = {"required": list(value), "additionalProperties": False}
        return schema | {"type": "object", "properties": properties, **closed}
    return schema | {"type": "string", **_exactly(value, "Length")}


def _exactly(value: Sequence[Any], unit: str) -> dict[str, int]:
    return {f"min{unit}": len(value), f"max{unit}": len(value)}


def _uncovered(case: Mapping[str, Any], choices: Sequence[Mapping[str, Any]]) -> str:
    """Why no choice accepts all of a case; "" if one does."""
    near = [choice for choice in choices if _admits(choice, case["type"])]
    reasons = [_refused(case, choice) for choice in near]
    if "" in reasons:
        return ""
    if not reasons:
        return f"{_name(case)} is no longer accepted"
    return reasons[0] if len(reasons) == 1 else f"whether its alternatives take each {_name(case)} cannot be decided"


def _admits(choice: Mapping[str, Any], kind: str) -> bool:
    return choice.get("type", kind) in ((kind, "number") if kind == "integer" else (kind,))


def _refused(case: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Why one choice may refuse a value of a case of its type; "" if it accepts them all."""
    if "const" in new or "enum" in new:
        values = [new["const"]] if "const" in new else new["enum"]
        if "const" not in case:
            return f"{_name(case)} has to be {' or '.join(map(shown, values))} now"
        if not any(same(case["const"], value) for value in values):
            return f"{_name(case)} is no longer accepted"
    for keyword in sorted(new.keys() - KEYWORDS):
        if keyword not in WHOLE or not same(new[keyword], case.get(keyword)):
            return f"its {keyword} cannot be compared"
    check = CHECKS.get(case["type"])
    return next(check(case, new, narrowed), "") if check else ""


def _name(case: Mapping[str, Any]) -> str:
    """What people call a case."""
    if "const" in case:
        return shown(case["const"])
    tag = case.get("properties", {}).get("__type__", {})
    return str(tag.get("const", case["type"]))


def forms(schema: Schema, place: str = "") -> frozenset[tuple[str, str]]:
    """Where in a value there may be integers, numbers that travel as floats, or texts that are changed, with how."""
    if schema is False:
        return frozenset()
    choices = list(_choices(constraints(schema)))
    kinds = {case["type"] for choice in choices for case in _cases(choice)}
    found = {(place, shown(choice["x-constraints"])) for choice in choices if "x-constraints" in choice}
    if "integer" in kinds or {} in choices:
        found.add((place, INTEGER))
    # Where any integer is accepted too, each number stays as it is.
    if "number" in kinds and {} not in choices and {"type": "integer"} not in choices:
        found.add((place, FLOAT))
    return frozenset(found).union(*(_forms_within(choice, place) for choice in choices))


def _forms_within(choice: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    first, others = items_of(choice)
    parts = {**dict(enumerate(first)), "items": others, **choice.get("properties", {})}
    parts["properties"] = choice.get("additionalProperties", True)
    for name, part in parts.items():
        yield from forms(part, f"{place}/{name}") if part is not True else ()
