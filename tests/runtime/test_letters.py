"""The form of a dead letter, what selects it, and what is left of its history when it is published again."""

import json
import traceback
from base64 import b64encode
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from kombu.message import Message
from sqlalchemy.exc import DBAPIError

from runtime import ServiceError
from runtime.brokers import DEAD_LETTER_HEADER
from runtime.cli import dead
from runtime.dead_letters import DeadLetter, DeadLetterFilter, read
from runtime.dead_letters.display import one_line
from runtime.dead_letters.filter import parse_time
from runtime.dead_letters.message import deferrals_of, headers_for_replay, without_history
from runtime.dead_letters.store import without_values

from .service.queues import Queue

QUEUE = Queue.SHORT.value
DIED = {"reason": "ValueError: no", "traceback": "Traceback", "attempts": 2, "last": "2026-01-31T12:00:05+00:00"}
HEADERS = {"id": "1", "task": "tests.effect", "first_published": "2026-01-31T12:00:00+00:00"}


def message(
    headers: dict[str, Any], body: str | bytes | None = "[[1], {}, {}]", content_type: Any = "application/json"
) -> Any:
    kind: Any = Message
    return kind(body=body, content_type=content_type, content_encoding="utf-8", headers=headers)


def test_a_letter_of_the_service_is_read() -> None:
    letter = read(message({**HEADERS, DEAD_LETTER_HEADER: DIED}), QUEUE)
    assert letter == DeadLetter(
        id="1",
        task="tests.effect",
        queue="short",
        reason="ValueError: no",
        args=[1],
        kwargs={},
        attempts=2,
        first="2026-01-31T12:00:00+00:00",
        last="2026-01-31T12:00:05+00:00",
        traceback="Traceback",
        headers=HEADERS,
    )


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("delivery_limit", "DeliveryLimit: no worker that took it lived to finish it"),
        ("expired", "Expired: nobody took it in time"),
        ("rejected", "Rejected: a worker rejected it"),
        ("maxlen", "maxlen"),
    ],
)
def test_a_letter_of_the_broker_is_read(reason: str, expected: str) -> None:
    died = datetime(2026, 1, 31, 12, 0, 5)  # amqp gives it without a time zone, in UTC
    deaths = [
        {"queue": "celery_delayed_1", "reason": "expired", "time": died - timedelta(seconds=1)},
        {"queue": QUEUE.wire_name, "reason": reason, "time": died},
    ]
    letter = read(message({**HEADERS, "retries": 1, "x-death": deaths, "x-delivery-count": 3}), QUEUE)
    assert letter.reason == expected
    assert letter.attempts == 1 + 3
    assert letter.last == "2026-01-31T12:00:05+00:00"
    assert letter.headers == {**HEADERS, "retries": 1}


def test_a_death_in_whole_seconds_is_not_before_the_publishing() -> None:
    headers = {"first_published": "2026-01-31T12:00:05.900000+00:00", "x-first-death-reason": "rejected"}
    death = {"queue": QUEUE.wire_name, "reason": "rejected", "time": datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)}
    letter = read(message({"id": "1", **headers, "x-death": [death]}), QUEUE)
    assert letter.first == letter.last == headers["first_published"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff{", "application/json"),
        ("[[], [], {}]", "application/json"),
        ('{"hello": "world"}', "application/json"),
        ("[1]", "application/json"),
        (b"\x80\x04.", "application/x-python-serialize"),
    ],
)
def test_a_body_that_is_no_task_is_kept(body: str | bytes, content_type: str) -> None:
    letter = read(message({}, body, content_type), QUEUE)
    assert (letter.args, letter.kwargs) == ([], {})
    assert letter.body == b64encode(body if isinstance(body, bytes) else body.encode()).decode()
    assert letter.id == read(message({}, body, content_type), QUEUE).id != read(message({}, "other"), QUEUE).id
    assert letter.task == ""


def test_both_names_of_the_header_of_deferrals_are_read() -> None:
    assert deferrals_of({}) == 0
    assert deferrals_of({"deferrals": 3}) == 3
    assert deferrals_of({"came_back": 2}) == 2  # of a message that release 0.2 has deferred
    assert deferrals_of({"deferrals": 3, "came_back": 2}) == 3


def test_a_replay_begins_anew() -> None:
    kept = {"id": "1", "task": "tests.effect", "root_id": "0", "first_published": "2026-01-31T12:00:00+00:00"}
    counted = {"deferrals": 3, "came_back": 2, "eta": "2026-01-31", "expires": "2026-02-01", DEAD_LETTER_HEADER: DIED}
    noted = {"redelivered": True, "x-death": [], "x-first-death-queue": "q", "x-delivery-count": 5}
    assert headers_for_replay({**kept, **counted, **noted, "retries": 5}) == {**kept, "retries": 0}
    assert without_history({**kept, **counted, **noted}) == {**kept, **counted}


LETTER = read(message({**HEADERS, DEAD_LETTER_HEADER: DIED}), QUEUE)


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({}, True),
        ({"ids": frozenset("1")}, True),
        ({"ids": frozenset("2")}, False),
        ({"tasks": frozenset({"effect"})}, True),
        ({"tasks": frozenset({"tests.effect"})}, True),
        ({"tasks": frozenset({"fect"})}, False),
        ({"reason": "valueERROR"}, True),
        ({"reason": "KeyError"}, False),
        ({"queue": "short"}, True),
        ({"queue": "long"}, False),
        ({"since": datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)}, True),
        ({"since": datetime(2026, 1, 31, 12, 0, 6, tzinfo=UTC)}, False),
        ({"tasks": frozenset({"effect"}), "queue": "long"}, False),
    ],
    ids=str,
)
def test_a_filter_selects_what_matches_in_every_field(fields: dict[str, Any], matches: bool) -> None:
    assert (LETTER in DeadLetterFilter(**fields)) == matches


def test_a_time_is_a_moment_or_an_age() -> None:
    assert parse_time("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert parse_time("2026-01-31T12:00:00+02:00") == datetime(2026, 1, 31, 10, tzinfo=UTC)
    for age, seconds in {"30m": 1800, "2h": 7200, "1d": 86400}.items():
        assert (datetime.now(UTC) - parse_time(age)).total_seconds() == pytest.approx(seconds, abs=60)
    with pytest.raises(ServiceError, match=r"expected a time like 2h, .* got: soon; correct it"):
        parse_time("soon")


ATOMS: list[Any] = [
    None,
    True,
    -1,
    2**70,
    1e308,
    float("nan"),
    "",
    "\ud800",
    "a\nb",
    b"\xff",
    "2026",
    "2026-13-01",
    {},
    [],
]
ATOMS += [
    "2026-01-31T12:00:00+14:00",
    "0001-01-01",
    datetime(1, 1, 1, tzinfo=UTC),
    datetime.max,
    Decimal("NaN"),
    HEADERS,
]
NAMES = [*HEADERS, DEAD_LETTER_HEADER, "x-death", "x-first-death-reason", "x-delivery-count", "retries", "compression"]
NAMES += [*DIED, "queue", "time", "count", "undecodable", "deferrals", "lang"]


def odd(random: Random, levels: int = 3) -> Any:
    """Any value, with the names that matter at any level."""
    kind = random.randrange(6) if levels else 0
    if kind == 4:
        return {random.choice(NAMES): odd(random, levels - 1) for _ in range(random.randrange(6))}
    if kind == 5:
        return [odd(random, levels - 1) for _ in range(random.randrange(4))]
    return random.choice(ATOMS)


def test_a_letter_is_made_of_any_message() -> None:
    random = Random(1)
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    for number in range(5000):
        headers = {random.choice(NAMES): odd(random) for _ in range(random.randrange(8))}
        if not number % 100:
            headers[random.choice(NAMES)] = nested
        body = random.choice(["", b"\xff", "[[], {}, {}]", "[" * 100_000, '[["\ud800"], {}, {}]', None])
        letter = read(message(headers, body, random.choice(["application/json", "", None, [1], "x"])), QUEUE)
        assert json.loads(json.dumps(asdict(letter))) == asdict(letter)
        assert len(one_line(f"{letter.id} {letter.task} {letter.reason}").splitlines()) == 1
        assert (letter in DeadLetterFilter(since=datetime(2026, 1, 1, tzinfo=UTC))) in (True, False)


def test_a_letter_holds_no_values_of_a_statement() -> None:
    driver = Exception('duplicate key violates "mail"\nDETAIL:  Key (mail)=(secret\nsecret@x) already exists.')
    failed = DBAPIError("INSERT INTO mails VALUES (:mail)", {"mail": "secret] \n x", "also": ["secret"]}, driver)
    for error in (failed, ValueError(str(failed)), RuntimeError(repr(str(failed)))):
        try:
            try:
                raise error
            except Exception as cause:
                raise LookupError(str(error)) from cause
        except LookupError as both:
            for text in (str(both), "".join(traceback.format_exception(both))):
                shown = without_values(text)
                assert "secret" in text
                assert "secret" not in shown
                assert "INSERT INTO mails" in shown or isinstance(error, RuntimeError)
                assert 'duplicate key violates "mail"' in shown


def test_a_line_of_the_list_fits_a_terminal_and_its_id_is_whole() -> None:
    task_id = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
    letter = read(
        message({**HEADERS, "id": task_id, DEAD_LETTER_HEADER: {**DIED, "reason": "KeyError: 'x' " * 9}}), QUEUE
    )
    assert dead.line_of(letter, None) == (
        f"2026-01-31T12:00:05+00:00  {task_id}  tests.effect  {' '.join(['KeyError:', chr(39) + 'x' + chr(39)] * 9)}"
    )
    assert dead.line_of(letter, 80) == f"{task_id}  effect  01-31 12:00  KeyError: 'x' KeyE..."
    assert len(dead.line_of(letter, 80)) == 80
    assert dead.line_of(letter, 20) == f"{task_id}..."
