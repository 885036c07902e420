"""The contract says what the worker accepts, and depends on the tasks alone."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import extend
from kombu.utils.json import dumps, loads
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from runtime import PayloadError, ServiceTask, TaskOptionError
from runtime.arguments import Arguments
from runtime.cli import contract as command
from runtime.contract import as_yaml, digest, document
from runtime.json_schema import schema_of
from runtime.settings import settings, stand_in
from runtime.testing.delivery import InProcessService

from .conftest import VARIABLES
from .service.app import app
from .service.queues import Queue
from .test_cli import called


class Point(TypedDict):
    """Annotates a dict."""

    x: int


def is_integer(checker: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def enum(validator: Any, values: list[Any], value: Any, schema: Any) -> Iterator[ValidationError]:
    if not any((type(value), value) == (type(each), each) for each in values):
        yield ValidationError(f"{value!r} is not one of {values!r}")


Strictly = extend(
    Draft7Validator, {"enum": enum}, type_checker=Draft7Validator.TYPE_CHECKER.redefine("integer", is_integer)
)
"""Draft 7, but that 1.0 is no integer, see the module `json_schema`."""

ZONES = st.sampled_from([None, timezone(timedelta(0)), timezone(timedelta(hours=-3, minutes=-30))])
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    None: st.none(),
    bool: st.booleans(),
    int: st.integers(-3, 3) | st.integers(-(10**15), 10**15),
    float: st.sampled_from([0.5, 1.0, -2.0, 3.25]),
    str: st.sampled_from(["", "a", "b", "1", " a "]) | st.text(max_size=5),
    UUID: st.uuids(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    date: st.dates(),
    datetime: st.datetimes(timezones=ZONES),
    time: st.times(timezones=ZONES),
}
"""By annotation. Numbers are those that JSON carries exactly; NaN is none."""

LITERALS = [Literal["a"], Literal["a", 1, None], Literal[True], Literal["", "b"]]
CONSTRAINED = [
    Annotated[int, Field(gt=0, multiple_of=2)],
    Annotated[float, Field(ge=0.5, lt=3)],
    Annotated[int | None, Field(le=1)],
    Annotated[str, Field(min_length=1, max_length=2, pattern="^[ab]")],
    Annotated[list[int], Field(min_length=1, max_length=2)],
    Annotated[dict[str, int], Field(min_length=1)],
]
SCALARS = [each for each in VALUES if each is not None]
ANNOTATIONS = st.recursive(
    st.sampled_from([Any, list, dict, tuple, Point, dict[str, Any], *SCALARS, *LITERALS, *CONSTRAINED]),
    lambda inner: (
        inner.map(lambda kind: list[kind])  # type: ignore[valid-type]  # made at run time
        | inner.map(lambda kind: tuple[kind, ...])  # type: ignore[valid-type]
        | inner.map(lambda kind: dict[str, kind])  # type: ignore[valid-type]
        | inner.map(lambda kind: dict[Literal["a", "b"], kind])  # type: ignore[valid-type]
        | inner.map(lambda kind: kind | None if kind is not Any else Any)
        | st.tuples(inner, inner).map(lambda kinds: tuple[kinds[0], kinds[1]])  # type: ignore[valid-type]
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(["a", "b", "c", "__type__", "__value__"])
ANYTHING = st.recursive(
    st.one_of(*VALUES.values()), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)


def parameter(annotation: Any) -> inspect.Parameter:
    return inspect.Parameter("value", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)


def fitting(annotation: Any) -> st.SearchStrategy[Any]:
    """Values that come near to the annotation, most of them of it."""
    kind = annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation
    inner = [each for each in getattr(kind, "__args__", ()) if each is not ...]
    near: st.SearchStrategy[Any] = ANYTHING
    if kind in VALUES:
        near = VALUES[kind]
    elif kind in (list, tuple):
        near = st.lists(ANYTHING, max_size=2)
    elif kind in (dict, Point):
        near = st.dictionaries(KEYS, ANYTHING, max_size=2)
    elif kind in LITERALS:
        near = st.sampled_from([*inner, 1.0, False])
    elif getattr(kind, "__origin__", None) is dict:
        near = st.dictionaries(KEYS, fitting(inner[1]), max_size=2)
    elif getattr(kind, "__origin__", None) is list or ... in getattr(kind, "__args__", ()):
        near = st.lists(fitting(inner[0]), max_size=3)
    elif getattr(kind, "__origin__", None) is tuple:
        near = st.tuples(*map(fitting, inner)).map(list)
    elif inner:
        near = st.one_of(*map(fitting, inner)) | st.none()
    return near | ANYTHING


MOMENT = datetime(2026, 1, 31, 12)
SAMPLES = [
    *[None, True, False, 0, 1, 2, 1.0, 0.5, 3, "", "a", "b", "bbb", [], [1], [1, 2, 3], ["a", 1], [None, "a"]],
    *[{}, {"a": 1}, {"a": "a", "b": None}, {"c": 1}, {"a": [UUID(int=1)]}, {"__type__": 1}],
    *[UUID(int=1), Decimal("1.50"), Decimal("-1E+3"), MOMENT.date(), MOMENT, MOMENT.astimezone(), MOMENT.time()],
    {"__type__": "datetime", "__value__": "2026-01-31T12:00Z"},
    {"__type__": "uuid", "__value__": {"hex": str(UUID(int=1))}},
    {"__type__": "uuid", "__value__": {"hex": UUID(int=1).hex}, "a": 1},
]
"""Tried with every annotation."""


@given(st.data())
def test_the_schema_accepts_exactly_what_the_worker_accepts(data: st.DataObject) -> None:
    annotation = data.draw(ANNOTATIONS, "annotation")
    schema = Strictly(schema_of("tests.task", "value", parameter(annotation)))
    arguments = Arguments("tests.task", inspect.Signature([parameter(annotation)]))
    for value in [*SAMPLES, *data.draw(st.lists(fitting(annotation), max_size=5), "values")]:
        on_the_wire = json.loads(dumps(value))
        try:
            arrived = loads(json.dumps(on_the_wire))
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # kombu decodes no such message
        assert schema.is_valid(on_the_wire) == is_accepted(arguments, arrived), value


def is_accepted(arguments: Arguments, arrived: Any) -> bool:
    try:
        arguments.checked([arrived], {})
    except PayloadError:
        return False
    return True


STRIPPED = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


@pytest.mark.parametrize(
    ("annotation", "constraints"),
    [
        (Annotated[Decimal, Field(gt=0, max_digits=5)], {"exclusiveMinimum": "0", "max_digits": "5"}),
        (Annotated[date, Field(ge=date(2026, 1, 31))], {"minimum": "2026-01-31"}),
        (Annotated[datetime, Field(lt=datetime(2026, 1, 31))], {"exclusiveMaximum": "2026-01-31T00:00:00"}),
        (STRIPPED, {"minLength": 1, "strip_whitespace": True}),
    ],
)
def test_what_has_no_keyword_is_a_constraint_beside_them(annotation: Any, constraints: dict[str, Any]) -> None:
    schema = schema_of("tests.task", "value", parameter(annotation))
    assert schema["x-constraints"] == constraints
    assert not set(schema) & {"gt", "minimum", "exclusiveMinimum", "exclusiveMaximum", "minLength"}


class Node(BaseModel):
    """Has a schema with definitions."""

    children: "list[Node]"


@pytest.mark.parametrize(
    ("annotation", "got"),
    [
        (set[int], "set[int] (set[int])"),
        (Literal[b"a"], "Literal[b'a'] (b'a' is no str, int, bool or None)"),
        (Annotated[int, BeforeValidator(int, json_schema_input_type=Node)], "(it has definitions of its own)"),
    ],
)
def test_an_annotation_without_a_schema_is_one_sentence(annotation: Any, got: str) -> None:
    with pytest.raises(TaskOptionError) as refused:
        schema_of("tests.task", "value", parameter(annotation))
    said = str(refused.value)
    assert said.startswith("expected the annotation of value in tests.task to have a JSON Schema, got: ")
    assert f"{got}; annotate what travels" in said


# ---- the document ----

FIRST = date(2026, 1, 31)


def arguments_of(made: dict[str, Any], key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What travels by position, and by name."""
    return made["components"]["messages"][key]["payload"]["items"][0], made["components"]["schemas"][key]


def test_a_task_is_described(register: Callable[..., Any]) -> None:
    def charge(self: ServiceTask, invoice: UUID, cents: int, note: str | None = None, *, on: date = FIRST) -> None:
        """Charge the card.

        Once.
        """

    options = {"key": ("invoice",), "keep_result": "shown", "deprecated": "use pay", "max_retries": 0}
    register(charge, "tests.charge", work_queue=Queue.LONG, **options)
    made = document(app)
    assert made["channels"]["long"]["messages"]["charge"] == {"$ref": "#/components/messages/charge"}
    assert "charge" not in made["channels"]["short"]["messages"]
    assert made["operations"]["charge"]["channel"] == {"$ref": "#/channels/long"}
    message = made["components"]["messages"]["charge"]
    assert (message["name"], message["summary"]) == ("tests.charge", "Charge the card.")
    assert message["x-task"] == {
        "soft_time_limit": 1,
        "time_limit": 2,
        "max_retries": 0,
        "idempotency": "natural",
        "key": ["invoice"],
        "keep_result": "shown",
        "deprecated": "use pay",
    }
    by_position, by_name = arguments_of(made, "charge")
    assert by_position == {"type": "array", "maxItems": 0}
    assert list(by_name["properties"]) == ["invoice", "cents", "note", "on"]
    assert by_name["properties"]["note"] == {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    assert by_name["properties"]["on"]["default"] == {"__type__": "date", "__value__": "2026-01-31"}
    assert by_name["required"] == ["invoice", "cents"]
    assert by_name["x-positional"] == ["invoice", "cents", "note"]
    assert by_name["additionalProperties"] is False


def test_a_task_with_former_names_is_called_as_messages_are() -> None:
    made = document(app)
    message, arguments = made["components"]["messages"]["receipt"], made["components"]["schemas"]["receipt"]
    assert message["name"] == "tests.invoice"
    assert message["x-task"]["own_name"] == "tests.receipt"
    assert message["x-task"]["aliases"] == ["tests.invoice", "tests.bill"]
    assert arguments["properties"]["customer"] == {"type": "integer", "x-argument": "customer_id"}
    assert arguments["required"] == arguments["x-positional"] == ["folder", "customer"]


def test_what_cannot_travel_by_name_travels_by_position(register: Callable[..., Any]) -> None:
    def some(self: ServiceTask, first: int, /, second: str = "a", *, third: bool) -> None: ...

    def many(self: ServiceTask, first: int, second: str = "a", *rest: float, third: bool, **more: date) -> None: ...

    def rest(self: ServiceTask, *rest: int) -> None: ...

    def unknown(self, value, odd=Queue.SHORT) -> None: ...  # type: ignore[no-untyped-def]  # as an owner may write it

    for function in some, many, rest, unknown:
        register(function, f"tests.{function.__name__}")
    made = document(app)
    by_position, by_name = arguments_of(made, "some")
    first = {"x-name": "first", "type": "integer"}
    assert by_position == {"type": "array", "maxItems": 1, "items": [first], "minItems": 1}
    assert (list(by_name["properties"]), by_name["required"]) == (["second", "third"], ["third"])
    by_position, by_name = arguments_of(made, "many")
    assert by_position["items"] == [first, {"x-name": "second", "type": "string", "default": "a"}]
    assert (by_position["minItems"], by_position["additionalItems"]) == (1, {"type": "number"})
    assert (list(by_name["properties"]), by_name["additionalProperties"]["x-type"]) == (["third"], "date")
    for args, kwargs, valid in [
        ((1, "b", 0.5), {"third": True, "day": FIRST}, True),
        ((1,), {"third": True}, True),
        ((), {"first": 1, "third": True}, False),
        ((1, 2), {"third": True}, False),
        ((1, "b", "c"), {"third": True}, False),
        ((1,), {}, False),
        ((1,), {"third": True, "day": 1}, False),
    ]:
        body = app.amqp.create_task_message("id", "tests.many", args, kwargs).body
        schema = {**made["components"]["messages"]["many"]["payload"], "components": made["components"]}
        assert Strictly(schema).is_valid(json.loads(dumps(body))) is valid, (args, kwargs)
    assert arguments_of(made, "rest")[0] == {"type": "array", "items": {"type": "integer"}}
    assert arguments_of(made, "unknown")[1]["properties"] == {"value": {}, "odd": {}}


def test_tasks_of_one_name_are_told_apart(register: Callable[..., Any]) -> None:
    def run(self: ServiceTask) -> None: ...

    for name in ("a.cards.charge", "a.accounts.charge", "b.accounts.charge", "a.refund"):
        register(run, name)
    keys = set(document(app)["operations"])
    assert {"cards_charge", "a_accounts_charge", "b_accounts_charge", "refund"} <= keys
    register(run, "a.charge-größe")
    assert "charge_gr__e" in document(app)["operations"]
    register(run, "a.charge_größe")
    with pytest.raises(TaskOptionError, match=r"differ in letters.*got: a\.charge-größe and a\.charge_größe; rename"):
        document(app)


PRINT = (
    "import sys; from runtime.cli import main; sys.argv[1:] = ['contract', '--json']; main('tests.runtime.service.app')"
)


def printed(**variables: str) -> dict[str, Any]:
    """What the command prints in an environment of its own."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": VARIABLES["PYTHONPATH"], **variables}
    ran = subprocess.run([sys.executable, "-c", PRINT], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_it_needs_no_environment_and_depends_on_none() -> None:
    other = {"RUNTIME_NAMESPACE": "runtime", "RUNTIME_DELIVERY_LIMIT": "9", "RUNTIME_RESULT_URL": "redis://h:1/0"}
    assert printed() == document(app)
    plain = printed(RUNTIME_BROKER_URL="amqp://h:1//")  # whose queues have a delivery limit
    assert plain == printed(RUNTIME_BROKER_URL="amqp://h:1//", **other)
    assert plain["x-broker"] == "rabbitmq"
    short = plain["channels"]["short"]
    assert (short["address"], short["x-exchange"]) == ("runtime.short", {"name": "runtime", "type": "topic"})
    assert short["x-queue-arguments"] == {
        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-overflow": "reject-publish",
        "x-dead-letter-strategy": "at-least-once",
        "x-dead-letter-exchange": "runtime.dead",
        "x-dead-letter-routing-key": "runtime.short.dead",
    }


@pytest.mark.parametrize(("library", "scheme"), [(True, "redis"), (None, "postgresql")])
def test_a_url_of_results_stands_in_for_the_one_that_is_not_set(
    library: object, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_RESULT_URL", "")
    monkeypatch.setattr("runtime.settings.find_spec", lambda name: library)
    settings.cache_clear()
    try:
        stand_in()
        assert settings().result_url.startswith(f"{scheme}://")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_the_digest_is_of_what_concerns_a_message(register: Callable[..., Any]) -> None:
    made = document(app)
    assert digest(made) == digest(yaml.safe_load(as_yaml(made))) == digest({**made, "info": {}})
    assert len(digest(made)) == 12

    def run(self: ServiceTask, number: int) -> None: ...

    register(run, "tests.one_more")
    assert digest(document(app)) != digest(made)


@given(ANYTHING | st.sampled_from(["\x85", "\u2028a\ufeff", "größe", "2026-01-31", "no", "null", "1e3", "=", "~"]))
def test_yaml_gives_back_every_value(value: Any) -> None:
    made = {"default": json.loads(dumps(value))}
    assert yaml.safe_load(as_yaml(made)) == made


# ---- the command ----


def test_the_command_prints_yaml_and_json(service: InProcessService) -> None:
    text = called("contract").output
    assert text.startswith("# What producers may send to runtime: `make contract` writes it")
    assert yaml.safe_load(text) == json.loads(called("contract", "--json").output) == document(app)
    assert "&id" not in text


def test_it_writes_the_file_at_once_and_only_if_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    refused = called("contract", "--write")
    assert "expected the package to lie in src of its project, got: " in str(refused.exception)
    (tmp_path / ".copier-answers.yml").touch()
    assert called("contract", "--write").output == "contract.yaml is written anew: commit it\n"
    written = tmp_path / "contract.yaml"
    assert yaml.safe_load(written.read_text()) == document(app)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".copier-answers.yml", "contract.yaml"]
    assert called("contract", "--write").output == ""
    monkeypatch.setattr(Path, "replace", lambda self, target: 1 / 0)
    written.write_text("mine")
    assert called("contract", "--write").exit_code == 1
    assert written.read_text() == "mine"


def test_without_pyyaml_it_prints_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert "expected PyYAML to be installed" in str(called("contract").exception)
    assert json.loads(called("contract", "--json").output) == document(app)
