"""Each kind of change: what breaks, whom, and what is only a note. `tests/contract/test_matrix.py` runs them."""

from typing import Any

import pytest

from asyncgen.contract import Change, compare
from asyncgen.contract.changes import KEYS, MESSAGES, NEW_PRODUCERS, OLD_PRODUCERS

from .documents import Json, contract, queue, task

INTEGER, NUMBER, STRING = {"type": "integer"}, {"type": "number"}, {"type": "string"}
ID = {"invoice_id": INTEGER}
NOTE = {**STRING, "default": ""}
LITERAL = {"enum": ["card", "bank"], "type": "string"}
FORMER: Json = {"own_name": "shop.tasks.bill.bill", "aliases": ["shop.tasks.send.send"]}
TWO = {"default": queue(), "bulk": queue("shop.bulk")}
BY_POSITION: Json = {"type": "array", "items": [{**INTEGER, "x-name": "invoice_id"}], "minItems": 1, "maxItems": 1}


def changes(old: Json | list[Json], new: Json | list[Json]) -> list[Change]:
    olds, news = (each if isinstance(each, list) else [each] for each in (old, new))
    return compare(contract(*olds), contract(*news))


BREAKING: list[tuple[str, Any, Any, str, str, tuple[str, ...]]] = [
    ("a task removed", [task(), task("shop.b")], task("shop.b"), "task-removed", "send", (MESSAGES, OLD_PRODUCERS)),
    (
        "a task moved",
        task("a.send"),
        task("b.send"),
        "task-renamed",
        "send",
        (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS, KEYS),
    ),
    (
        "a task renamed",
        task("shop.send", ID),
        task("shop.bill", ID),
        "task-renamed",
        "send",
        (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS, KEYS),
    ),
    ("aliases removed", task(**FORMER), task(), "alias-removed", "send", (MESSAGES, OLD_PRODUCERS)),
    (
        "the second alias first",
        task(**FORMER),
        task("shop.tasks.bill.bill", own_name="shop.c", aliases=["shop.tasks.bill.bill", "shop.tasks.send.send"]),
        "wire-name-changed",
        "c",
        (KEYS,),
    ),
    (
        "another name first",
        task(),
        task("shop.older", own_name="shop.tasks.send.send", aliases=["shop.older"]),
        "wire-name-changed",
        "send",
        (NEW_PRODUCERS, KEYS),
    ),
    (
        "a required argument",
        task(properties=ID),
        task(properties={**ID, "mode": STRING}),
        "argument-required",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "an argument removed",
        task(properties={**ID, "note": NOTE}),
        task(properties=ID),
        "argument-removed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "a positional argument removed, where **kwargs takes its name",
        task(properties={**ID, "note": NOTE}),
        task(properties=ID, others=True),
        "argument-removed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "an argument renamed",
        task(properties=ID),
        task(properties={"invoice": INTEGER}),
        "argument-renamed",
        "send",
        (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
    ),
    (
        "a default removed",
        task(properties={"note": NOTE}),
        task(properties={"note": STRING}),
        "argument-required",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "a default changed",
        task(properties={"note": NOTE}),
        task(properties={"note": {**NOTE, "default": "x"}}),
        "default-changed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "a default of another type",
        task(properties={"a": {**NUMBER, "default": 1}}, key=["a"]),
        task(properties={"a": {**NUMBER, "default": 1.0}}, key=["a"]),
        "default-changed",
        "send",
        (MESSAGES, OLD_PRODUCERS, KEYS),
    ),
    (
        "a type narrowed",
        task(properties={"a": {"anyOf": [INTEGER, STRING]}}),
        task(properties={"a": INTEGER}),
        "argument-narrowed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "a value removed",
        task(properties={"a": LITERAL}),
        task(properties={"a": {"enum": ["card"], "type": "string"}}),
        "argument-narrowed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "a type that cannot be compared",
        task(properties={"a": STRING}),
        task(properties={"a": {**STRING, "pattern": "^a"}}),
        "argument-narrowed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "a name of its own for what **kwargs took",
        task(others=STRING),
        task(properties={"note": {**INTEGER, "default": 1}}, positional=[], others=STRING),
        "argument-narrowed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "no **kwargs",
        task(others=True),
        task(),
        "other-arguments-narrowed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "no *args",
        task(first={"type": "array"}),
        task(),
        "other-arguments-narrowed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "an argument without a name",
        task(properties=ID),
        task(first=BY_POSITION, positional=["invoice_id"]),
        "argument-by-position",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "a default of an argument without a name",
        task(first={**BY_POSITION, "items": [{**INTEGER, "x-name": "a", "default": 1}], "minItems": 0}),
        task(first={**BY_POSITION, "items": [{**INTEGER, "x-name": "a", "default": 2}], "minItems": 0}),
        "default-changed",
        "send",
        (MESSAGES, OLD_PRODUCERS),
    ),
    (
        "an argument between others",
        task(properties=ID),
        task(properties={"note": NOTE, **ID}),
        "positions-changed",
        "send",
        (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
    ),
    (
        "arguments in another order",
        task(properties={**ID, "note": STRING}),
        task(properties={"note": STRING, **ID}),
        "positions-changed",
        "send",
        (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
    ),
    (
        "an argument by name alone",
        task(properties=ID),
        task(properties=ID, positional=[]),
        "positions-changed",
        "send",
        (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
    ),
    ("another key", task(properties=ID), task(properties=ID, key=["invoice_id"]), "key-changed", "send", (KEYS,)),
    (
        "a float in the key",
        task(properties=ID, key=["invoice_id"]),
        task(properties={"invoice_id": NUMBER}, key=["invoice_id"]),
        "argument-converted",
        "send",
        (NEW_PRODUCERS, KEYS),
    ),
    (
        "a float for an int",
        task(properties=ID),
        task(properties={"invoice_id": NUMBER}),
        "argument-converted",
        "send",
        (NEW_PRODUCERS,),
    ),
    (
        "a float beside some ints",
        task(properties=ID),
        task(properties={"invoice_id": {"anyOf": [{"enum": [1]}, NUMBER]}}),
        "argument-converted",
        "send",
        (NEW_PRODUCERS,),
    ),
    (
        "an int in the key that was a float",
        task(properties={"a": NUMBER}, key=["a"]),
        task(properties={"a": {"anyOf": [INTEGER, NUMBER]}}, key=["a"]),
        "argument-converted",
        "send",
        (KEYS,),
    ),
    ("another mode", task(), task(idempotency="natural"), "idempotency-changed", "send", (MESSAGES, KEYS)),
    ("no result", task(keep_result="shown"), task(), "result-dropped", "send", (MESSAGES, OLD_PRODUCERS)),
]
ALL = (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS)
CLASSIC, DIRECT = {"x-queue-arguments": {"x-queue-type": "classic"}}, {"x-exchange": {"name": "shop", "type": "direct"}}
BREAKING_QUEUES: list[tuple[str, Json, Json, str, str, tuple[str, ...]]] = [
    ("a queue removed", {"default": queue()}, {}, "queue-removed", "bulk", (MESSAGES, OLD_PRODUCERS)),
    ("its address", {**TWO, "bulk": queue("shop.mass")}, {}, "queue-removed", "bulk", (MESSAGES, OLD_PRODUCERS)),
    ("its arguments", {**TWO, "bulk": queue("shop.bulk", **CLASSIC)}, {}, "queue-arguments-changed", "bulk", ALL),
    ("its exchange", {**TWO, "bulk": queue("shop.bulk", **DIRECT)}, {}, "exchange-changed", "bulk", ALL),
    ("the broker", TWO, {"x-broker": "redis"}, "broker-changed", "broker", ALL),
]
NOTES_OF_QUEUES = [
    ("a queue added", {**TWO, "slow": queue("shop.slow")}, ["queue-added"]),
    ("its longest run", {**TWO, "bulk": queue("shop.bulk", **{"x-max-runtime": 9})}, ["max-runtime-changed"]),
    ("its name in code", {"default": queue(), "mass": queue("shop.bulk")}, []),
]
NOTES: list[tuple[str, Any, Any, list[str]]] = [
    ("nothing", task(properties=ID), task(properties=ID), []),
    ("a task added", task(), [task(), task("shop.other", ID)], ["task-added"]),
    ("an argument added", task(properties=ID), task(properties={**ID, "note": NOTE}), ["argument-added"]),
    (
        "an argument by name",
        task(properties={"a": NOTE}),
        task(properties={"b": NOTE, "a": NOTE}, positional=["a"]),
        ["argument-added"],
    ),
    (
        "a float beside an int, in the key",
        task(properties=ID, key=["invoice_id"]),
        task(properties={"invoice_id": {"anyOf": [INTEGER, NUMBER]}}, key=["invoice_id"]),
        ["argument-widened"],
    ),
    (
        "an int that was a float",
        task(properties={"a": NUMBER}),
        task(properties={"a": {"anyOf": [INTEGER, NUMBER]}}),
        [],
    ),
    (
        "a float beside a str",
        task(properties={"a": STRING}),
        task(properties={"a": {"anyOf": [STRING, NUMBER]}}),
        ["argument-widened"],
    ),
    (
        "a value added",
        task(properties={"a": LITERAL}, key=["a"]),
        task(properties={"a": {"enum": ["card", "bank", "cash"]}}, key=["a"]),
        ["argument-widened"],
    ),
    ("a default added", task(properties={"a": STRING}), task(properties={"a": NOTE}), ["argument-optional"]),
    ("a rename with an alias", task(properties=ID), task(properties=ID, **FORMER), ["task-name"]),
    (
        "a second rename",
        task(**FORMER),
        task(own_name="shop.c", aliases=["shop.tasks.send.send", "shop.tasks.bill.bill"]),
        ["task-name"],
    ),
    (
        "a former argument",
        task(properties=ID, key=["invoice_id"]),
        task(properties={"invoice_id": {**INTEGER, "x-argument": "invoice"}}, key=["invoice_id"]),
        ["argument-name"],
    ),
    ("**kwargs", task(properties=ID), task(properties=ID, others=True), []),
    ("limits", task(), task(time_limit=40, max_retries=3), ["option-changed"] * 2),
    ("a schedule", task(every="1d"), task(), ["option-changed"]),
    ("a deprecation", task(), task(deprecated="use bill"), ["option-changed"]),
    ("a result", task(), task(keep_result="shown"), ["option-changed"]),
]


def named(rows: list[Any]) -> list[Any]:
    """Rows as parameters, called by their first value."""
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


@pytest.mark.parametrize(("old", "new", "code", "subject", "whom"), named(BREAKING))
def test_it_breaks(old: Any, new: Any, code: str, subject: str, whom: tuple[str, ...]) -> None:
    found = changes(old, new)
    assert {change.code for change in found if change.breaks} == {code}
    assert (found[0].subject, found[0].breaks) == (subject, whom)
    assert all((found[0].what, found[0].why, found[0].fix))


@pytest.mark.parametrize(("queues", "other", "code", "subject", "whom"), named(BREAKING_QUEUES))
def test_a_queue_breaks(queues: Json, other: Json, code: str, subject: str, whom: tuple[str, ...]) -> None:
    (change,) = compare(contract(task(), queues=TWO), contract(task(), queues=queues, **other))
    assert (change.code, change.subject, change.breaks) == (code, subject, whom)


def test_a_task_in_another_queue_breaks() -> None:
    (change,) = compare(contract(task(), queues=TWO), contract(task(queue="bulk"), queues=TWO))
    assert (change.code, change.what, change.breaks) == ("queue-changed", "its queue is bulk, was default", ALL)


@pytest.mark.parametrize(("old", "new", "codes"), named(NOTES))
def test_it_is_a_note(old: Any, new: Any, codes: list[str]) -> None:
    found = changes(old, new)
    assert [change.code for change in found] == codes
    assert [change for change in found if change.breaks] == []


@pytest.mark.parametrize(("queues", "codes"), named(NOTES_OF_QUEUES))
def test_of_a_queue_it_is_a_note(queues: Json, codes: list[str]) -> None:
    found = compare(contract(task(), queues=TWO), contract(task(), queues=queues))
    assert [(change.code, change.breaks) for change in found] == [(code, ()) for code in codes]
