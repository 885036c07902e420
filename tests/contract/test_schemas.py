"""What counts as no narrowing accepts, for every value, all that the former schema accepts; jsonschema is the judge."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from jsonschema import Draft7Validator, Draft202012Validator

from asyncgen.contract import keywords
from asyncgen.contract.schemas import forms, narrowed

INTEGER, NUMBER, STRING, NULL, BOOLEAN = ({"type": kind} for kind in ("integer", "number", "string", "null", "boolean"))
UUID = {
    "type": "object",
    "x-type": "uuid",
    "properties": {"__type__": {"const": "uuid"}, "__value__": {"type": "string", "pattern": "^[0-9a-f]+$"}},
    "required": ["__type__", "__value__"],
    "additionalProperties": False,
}
LITERAL = {"enum": ["a", "b"], "type": "string"}
PAIR = {"type": "array", "items": [INTEGER, STRING], "minItems": 2, "maxItems": 2}


def any_of(*schemas: Any) -> dict[str, Any]:
    return {"anyOf": [*schemas]}


def array_of(schema: Any, **more: int) -> dict[str, Any]:
    return {"type": "array", "items": schema, **more}


def dict_of(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": schema, **more}


WIDENED = [
    (INTEGER, NUMBER),
    (INTEGER, {}),
    (INTEGER, any_of(INTEGER, NULL)),
    (any_of(INTEGER, NULL), any_of(NULL, STRING, NUMBER)),
    (any_of(array_of(INTEGER), NULL), any_of(any_of(array_of(NUMBER), NULL), STRING)),
    ({}, any_of(NUMBER, STRING, NULL, BOOLEAN, {"type": "array"}, {"type": "object"})),
    (LITERAL, {"enum": ["b", "a", "c"]}),
    (LITERAL, STRING),
    ({"const": "a"}, LITERAL),
    ({"enum": ["a", 1, None]}, any_of(STRING, INTEGER, NULL)),
    (BOOLEAN, {"enum": [True, False, "a"]}),
    ({"type": ["integer", "null"]}, any_of(NULL, INTEGER)),
    ({"type": "integer", "minimum": 3}, {"type": "integer", "exclusiveMinimum": 2}),
    ({"type": "integer", "exclusiveMaximum": 3}, {"type": "integer", "maximum": 2.5}),
    ({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "minimum": 0}),
    ({"type": "integer", "multipleOf": 6}, {"type": "integer", "multipleOf": 3}),
    ({"enum": [2, 4]}, {"type": "integer", "minimum": 2, "multipleOf": 2}),
    ({"type": "string", "minLength": 2, "maxLength": 3}, {"type": "string", "minLength": 1}),
    ({"type": "string", "pattern": "^a", "minLength": 2}, {"type": "string", "pattern": "^a"}),
    (PAIR, array_of(any_of(STRING, INTEGER))),
    (PAIR, {**PAIR, "maxItems": 3}),
    ({**PAIR, "maxItems": 1, "minItems": 0}, array_of(INTEGER)),
    ({"type": "array", "prefixItems": [INTEGER], "items": False}, array_of(INTEGER, maxItems=1)),
    ({"const": [1, "a"]}, PAIR),
    ({"const": {"a": 1}}, dict_of(INTEGER, maxProperties=1)),
    (dict_of(INTEGER, propertyNames={"enum": ["a"]}), dict_of(NUMBER, propertyNames=LITERAL)),
    ({"type": "object", "properties": {"a": INTEGER}, "additionalProperties": False}, dict_of(INTEGER)),
    ({"type": "object", "required": ["a", "b"]}, {"type": "object", "required": ["a"], "minProperties": 2}),
    (UUID, any_of(UUID, NULL)),
    ({**INTEGER, "title": "A", "default": 1}, {**INTEGER, "description": "other"}),
    (False, INTEGER),
]

NARROWED = [
    (NUMBER, INTEGER, "number is no longer accepted"),
    (any_of(INTEGER, NULL), INTEGER, "null is no longer accepted"),
    ({}, INTEGER, "null is no longer accepted"),
    (INTEGER, False, "no value is accepted now"),
    (LITERAL, {"enum": ["a"]}, '"b" is no longer accepted'),
    (STRING, LITERAL, 'string has to be "a" or "b" now'),
    ({"enum": [1]}, {"enum": [True]}, "1 is no longer accepted"),
    ({"const": 1.5}, INTEGER, "1.5 is no longer accepted"),
    (STRING, UUID, "string is no longer accepted"),
    (UUID, STRING, "uuid is no longer accepted"),
    (INTEGER, {"type": "integer", "minimum": 1}, "it has to be at least 1 now"),
    (NUMBER, {"type": "number", "exclusiveMinimum": 0}, "it has to be above 0 now"),
    ({"type": "integer", "maximum": 9}, {"type": "integer", "maximum": 8}, "it has to be at most 8 now"),
    ({"type": "number", "maximum": 9}, {"type": "number", "exclusiveMaximum": 9}, "it has to be below 9 now"),
    ({"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 6}, "it has to be a multiple of 6 now"),
    (STRING, {"type": "string", "maxLength": 9}, "its maxLength is 9 now"),
    (STRING, {"type": "string", "pattern": "^a"}, "its pattern cannot be compared"),
    ({"const": "a"}, {"type": "string", "pattern": "^a"}, "its pattern cannot be compared"),
    (INTEGER, {**INTEGER, "x-constraints": {"max_digits": "5"}}, "its x-constraints cannot be compared"),
    (INTEGER, {"$ref": "#/components/schemas/a"}, "its $ref cannot be compared"),
    ({"$ref": "#/a"}, {"$ref": "#/a"}, "its $ref cannot be compared"),
    (INTEGER, {**any_of(INTEGER, NULL), "minimum": 1}, "it has to be at least 1 now"),
    (array_of(any_of(INTEGER, STRING)), any_of(array_of(INTEGER), array_of(STRING)), "cannot be decided"),
    (array_of(INTEGER), array_of(INTEGER, minItems=1), "its minItems is 1 now"),
    (array_of(any_of(INTEGER, NULL)), array_of(INTEGER), "its items: null is no longer accepted"),
    (array_of(STRING), PAIR, "its minItems is 2 now"),
    (PAIR, {**PAIR, "items": [INTEGER, INTEGER]}, "its item 2: string is no longer accepted"),
    (array_of(STRING), {"type": "array", "prefixItems": [INTEGER]}, "its item 1: string is no longer accepted"),
    (array_of(INTEGER), array_of(INTEGER, uniqueItems=True), "its items have to be unique now"),
    (dict_of(NUMBER), dict_of(INTEGER), "its other properties: number is no longer accepted"),
    (dict_of(INTEGER), dict_of(INTEGER, propertyNames=LITERAL), "the names of its properties: string has to be"),
    (dict_of(INTEGER), dict_of(INTEGER, required=["a"]), "its property a is required now"),
    (dict_of(INTEGER), dict_of(INTEGER, properties={"a": STRING}), "its property a: integer is no longer accepted"),
    ({"const": {"a": {"b": 1}}}, dict_of(dict_of(STRING)), "its property a: its property b: 1 is no longer accepted"),
]


@pytest.mark.parametrize(("old", "new"), WIDENED)
def test_what_accepts_more_is_no_narrowing(old: Any, new: Any) -> None:
    assert narrowed(old, new) == ""


@pytest.mark.parametrize(("old", "new", "reason"), NARROWED)
def test_a_narrowing_is_named(old: Any, new: Any, reason: str) -> None:
    assert reason in narrowed(old, new)


# ---- any schemas ----

SMALL = st.integers(-3, 3)
COUNTS = st.integers(0, 3)
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | SMALL | st.sampled_from([0.5, 1.0, -2.5]) | st.text("abc", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=4,
)


def optional(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keywords)


BOUNDS = {
    name: SMALL | st.sampled_from([0.5, 1.5]) for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
}
NUMBERS = optional(type=st.sampled_from(["integer", "number"]), multipleOf=st.sampled_from([1, 2, 3, 0.5]), **BOUNDS)
STRINGS = optional(type=st.just("string"), minLength=COUNTS, maxLength=COUNTS, pattern=st.sampled_from(["^a", "b$"]))
PLAIN = st.one_of(
    st.sampled_from([{}, NULL, BOOLEAN, INTEGER, NUMBER, STRING]),
    NUMBERS,
    STRINGS,
    st.lists(VALUES, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    VALUES.map(lambda value: {"const": value}),
    st.lists(st.sampled_from(["null", "integer", "string"]), min_size=1, unique=True).map(
        lambda kinds: {"type": kinds}
    ),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = inner | st.booleans()
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda schemas: any_of(*schemas)),
        optional(type=st.just("array"), items=inner, minItems=COUNTS, maxItems=COUNTS, uniqueItems=st.booleans()),
        optional(
            type=st.just("array"), items=st.lists(inner, min_size=1, max_size=2), additionalItems=inner, maxItems=COUNTS
        ),
        optional(
            type=st.just("object"),
            properties=st.dictionaries(NAMES, inner, max_size=2),
            required=st.lists(NAMES, unique=True, max_size=2),
            additionalProperties=inner,
            propertyNames=st.sampled_from([{"enum": ["a", "b"]}, {"maxLength": 0}, {"minLength": 1}]),
            minProperties=COUNTS,
            maxProperties=COUNTS,
        ),
    )


SCHEMAS = st.recursive(PLAIN, containers, max_leaves=5)


@st.composite
def edited(draw: st.DrawFn, schema: Any) -> Any:
    """A schema that is near to another one."""
    if isinstance(schema, bool) or draw(st.integers(0, 5)) == 0:
        return draw(SCHEMAS | st.just(schema))
    if draw(st.integers(0, 3)) == 0:
        return any_of(draw(SCHEMAS), schema)
    found = {}
    for name, value in schema.items():
        if draw(st.integers(0, 5)) == 0:
            continue
        if name == "anyOf" or (name == "items" and isinstance(value, list)):
            value = [draw(edited(each)) for each in value]
        elif name == "properties":
            value = {each: draw(edited(inner)) for each, inner in value.items()}
        elif name in ("items", "additionalItems", "additionalProperties"):
            value = draw(edited(value))
        elif name.startswith(("min", "max")):
            value = max(value + draw(st.sampled_from([-1, 0, 0, 1])), 0)
        elif name == "enum":
            value = [*value[draw(st.integers(0, 1)) :], *draw(st.lists(VALUES, max_size=1))] or value
        found[name] = value
    return found


@st.composite
def values_of(draw: st.DrawFn, schema: Any) -> Any:
    """Values of which many are valid."""
    if isinstance(schema, bool) or draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    if "anyOf" in schema:
        return draw(values_of(draw(st.sampled_from(schema["anyOf"]))))
    if "const" in schema or "enum" in schema:
        return draw(st.sampled_from(schema.get("enum", [schema.get("const")])))
    kind = schema.get("type")
    kind = draw(st.sampled_from(kind)) if isinstance(kind, list) else kind
    if kind == "array":
        items = schema.get("items", True)
        first = items if isinstance(items, list) else []
        others = schema.get("additionalItems", True) if isinstance(items, list) else items
        size = draw(st.integers(schema.get("minItems", 0), max(schema.get("maxItems", 3), schema.get("minItems", 0))))
        return [draw(values_of(first[place] if place < len(first) else others)) for place in range(size)]
    if kind == "object":
        names = draw(st.lists(NAMES, unique=True, max_size=3))
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        return {name: draw(values_of(known.get(name, others))) for name in {*schema.get("required", []), *names}}
    plain = {"null": st.none(), "boolean": st.booleans(), "string": st.text("abc", max_size=3)}
    numbers = {"integer": SMALL, "number": SMALL | st.sampled_from([0.5, 1.0, -2.5])}
    return draw((plain | numbers).get(kind, VALUES))


@st.composite
def triples(draw: st.DrawFn, schemas: st.SearchStrategy[Any] = SCHEMAS) -> tuple[Any, Any, Any]:
    """A former schema, a new one and a value."""
    old = draw(schemas)
    return old, draw(edited(old) | schemas), draw(values_of(old))


def is_wrong(triple: tuple[Any, Any, Any]) -> bool:
    """Whether a value that the former schema accepts is refused by a new one that counts as none of a narrowing."""
    old, new, value = triple
    if not Draft7Validator(old).is_valid(value) or Draft7Validator(new).is_valid(value):
        return False
    return narrowed(old, new) == ""


MANY = settings(max_examples=1000, deadline=None, suppress_health_check=[*HealthCheck])


@MANY
@given(triples())
def test_what_is_let_through_accepts_every_former_value(triple: tuple[Any, Any, Any]) -> None:
    event(f"let through: {narrowed(*triple[:2]) == ''}")
    assert not is_wrong(triple)


def without_check(*_: Any) -> Iterator[str]:
    yield from ()


@pytest.mark.parametrize(
    ("kind", "schemas"),
    [("integer", NUMBERS), ("string", STRINGS), ("array", containers(PLAIN)), ("object", containers(PLAIN))],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_check_that_is_missing_is_found(
    kind: str, schemas: st.SearchStrategy[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    search = settings(MANY, derandomize=True, phases=[Phase.generate], database=None)
    monkeypatch.setitem(keywords.CHECKS, kind, without_check)
    find(triples(schemas), is_wrong, settings=search)


@pytest.mark.parametrize(("old", "new"), WIDENED)
def test_what_accepts_more_does_so_for_jsonschema_too(old: Any, new: Any) -> None:
    validator = Draft202012Validator if "prefixItems" in str(old) else Draft7Validator
    wrong = lambda value: validator(old).is_valid(value) and not validator(new).is_valid(value)  # noqa: E731
    with pytest.raises(NoSuchExample):
        find(values_of(old), wrong, settings=settings(max_examples=100, database=None))


# ---- int and float ----


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (INTEGER, {("", "integer")}),
        (NUMBER, {("", "float")}),
        (any_of(NUMBER, NULL), {("", "float")}),
        (any_of(INTEGER, NUMBER), {("", "integer")}),
        (any_of({"enum": [1]}, NUMBER), {("", "integer"), ("", "float")}),
        (any_of({**INTEGER, "minimum": 1}, NUMBER), {("", "integer"), ("", "float")}),
        ({}, {("", "integer")}),
        ({"enum": ["a", 2]}, {("", "integer")}),
        (STRING, set()),
        (False, set()),
        (array_of(NUMBER), {("/items", "float")}),
        (any_of(INTEGER, array_of(NUMBER)), {("", "integer"), ("/items", "float")}),
        (PAIR, {("/0", "integer")}),
        (dict_of(NUMBER, properties={"a": INTEGER}), {("/a", "integer"), ("/properties", "float")}),
        ({**STRING, "x-constraints": {"to_lower": True}}, {("", '{"to_lower": true}')}),
    ],
)
def test_the_forms_of_numbers(schema: Any, expected: set[tuple[str, str]]) -> None:
    assert forms(schema) == expected
