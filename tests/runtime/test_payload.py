"""What may not travel in a message is refused where it is published, with a way out."""

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from kombu.utils.json import dumps, loads

from runtime import PayloadError, publish_many
from runtime.payload import check_payload, fingerprint

from .service.tasks.effects import effect


@dataclass
class User:
    """Stands for a row of a database."""

    id: int


class Colour(Enum):
    """An enumeration."""

    RED = "red"


PRIMITIVES: list[Any] = [
    *("text", 1, 1.5, True, None, [1, [2]], {"nested": {"key": [1]}}),
    *(datetime(2026, 1, 31, 12, tzinfo=UTC), date(2026, 1, 31), time(12, 30), UUID(int=1), Decimal("9.99")),
]


@pytest.mark.parametrize("value", PRIMITIVES, ids=repr)
def test_what_json_gives_back_may_travel(value: Any) -> None:
    check_payload("tests.task", [value], {"value": value}, 1024)
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (User(1), "its primary key"),
        (Colour.RED, "its value"),
        (b"data", "the key under which the bytes are stored"),
        ({1, 2}, "a sorted list"),
        (io.StringIO("data"), "the key of the stored file"),
        (object(), "its primary key"),
        ([1, {"deep": [User(1)]}], r"argument user\[1\]\['deep'\]\[0\]"),
        ({1: "one"}, r"pass str\(key\)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_primitive_is_named_with_what_to_pass_instead(value: Any, said: str) -> None:
    with pytest.raises(PayloadError, match=said) as refused:
        check_payload("tests.task", [], {"user": value}, 1024)
    assert "argument user" in str(refused.value)
    assert "tests.task" in str(refused.value)


def test_a_message_that_is_too_large_is_refused() -> None:
    check_payload("tests.task", ["x" * 900], {}, 1024)
    with pytest.raises(PayloadError, match=r"at most 1024 bytes as JSON, got: 2\d\d\d; pass a key"):
        check_payload("tests.task", ["x" * 2048], {}, 1024)


def test_equal_payloads_have_one_fingerprint() -> None:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    assert fingerprint({"a": 1, "at": moment}) == fingerprint({"at": moment, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_a_fingerprint_has_the_form_that_earlier_releases_have_stored() -> None:
    made = fingerprint({"b": [Decimal("9.99"), ("ä", None)], "a": {9: 1.0, 10: True}})
    assert made == '{"a":{"10":true,"9":1.0},"b":[{"__type__":"decimal","__value__":"9.99"},["\\u00e4",null]]}'


@pytest.mark.usefixtures("service")
def test_the_guard_stands_at_every_way_to_publish() -> None:
    user: Any = User(1)
    for publish in (
        lambda: effect.delay(user, "folder"),
        lambda: effect.apply_async((user, "folder")),
        lambda: effect.s(user, "folder").apply_async(),
        lambda: publish_many([(effect, {"name": "1", "folder": "folder"}), effect.s(user, "folder")]),
    ):
        with pytest.raises(PayloadError, match=r"argument 1 of tests\.effect .* got: .*User"):
            publish()
