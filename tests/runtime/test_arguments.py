"""Arguments that do not fit a task's annotations are refused where they are published, and dead letters where not."""

import inspect
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from celery import chain, chord, group
from pydantic import Field
from sqlalchemy import create_engine

from runtime import PayloadError, ServiceTask, Workflow, outbox, publish_many
from runtime.arguments import Arguments
from runtime.cli.send import send
from runtime.relay import OutboxMessage
from runtime.relay import publish as relay
from runtime.testing import Worker
from runtime.testing.delivery import InProcessService

from .combinations import each_broker
from .service.app import app
from .service.calls import dead_reasons, send_unchecked
from .service.queues import Queue

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def arguments(annotation: Any) -> Arguments:
    """Those of a task with one parameter, `value`."""

    parameter = inspect.Parameter("value", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
    return Arguments("tests.task", inspect.Signature([parameter]))


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        *[(int, wrong) for wrong in ("1", 1.0, True, Decimal(1), None, [1], {"a": [1]}, MOMENT)],
        *[(float, wrong) for wrong in ("1", True, Decimal(1))],
        *[(bool, wrong) for wrong in (1, 0, "true")],
        *[(str, wrong) for wrong in (1, UUID(int=1))],
        *[(Decimal, wrong) for wrong in (1, 1.0, "1")],
        *[(UUID, wrong) for wrong in (str(UUID(int=1)), 1)],
        *[(date, wrong) for wrong in ("2026-01-31", MOMENT)],
        *[(datetime, wrong) for wrong in ("2026-01-31", date(2026, 1, 31))],
        (time, "12:30"),
        *[(Literal["a", 1], wrong) for wrong in ("b", True, 1.0)],
        *[(list[int], wrong) for wrong in ([True], (1, "2"), "12", {"a": 1})],
        (tuple[int, str], [1, 2]),
        *[(dict[str, int], wrong) for wrong in ({"a": [1]}, {"a": True}, [1])],
        (dict, [1]),
        (int | None, "1"),
        (Annotated[int, Field(gt=0)], 0),
    ],
    ids=repr,
)
def test_what_only_looks_like_the_type_is_refused(annotation: Any, value: Any) -> None:
    with pytest.raises(PayloadError) as refused:
        arguments(annotation).checked([value], {})
    said = str(refused.value)
    assert said.startswith("expected argument value of tests.task to be ")
    assert f"got: {value!r} of type {type(value).__name__} (" in said


@pytest.mark.parametrize(
    ("annotation", "value", "published"),
    [
        *[(type(value), value, value) for value in (1, 1.5, "1", True, Decimal("1.00"), UUID(int=1), MOMENT)],
        *[(date, date(2026, 1, 31), date(2026, 1, 31)), (time, time(12), time(12)), (int | None, None, None)],
        (float, 1, 1.0),
        (list[int], (1, 2), [1, 2]),
        (tuple[int, ...], [1, 2], (1, 2)),
        (list[UUID], [UUID(int=1)], [UUID(int=1)]),
        (dict[str, list[date]], {"a": [date(2026, 1, 31)]}, {"a": [date(2026, 1, 31)]}),
        (dict[str, Any], {"a": [1]}, {"a": [1]}),
        (Literal["a", "b"], "a", "a"),
        (Any, [1, "2"], [1, "2"]),
    ],
    ids=repr,
)
def test_a_value_of_the_type_is_published_in_one_form(annotation: Any, value: Any, published: Any) -> None:
    for args, kwargs in ([value], {}), ([], {"value": value}):
        positional, named = arguments(annotation).checked(args, kwargs)
        (found,) = [*positional, *named.values()]
        assert (found, type(found)) == (published, type(published))


def test_what_is_not_annotated_is_not_checked() -> None:
    def run(value, *rest: int, **more: str) -> None: ...  # type: ignore[no-untyped-def]  # as an owner may write it

    unchecked = Arguments("tests.task", inspect.signature(run))
    assert unchecked.checked(["1", 2], {"a": "b"}) == (("1", 2), {"a": "b"})
    for args, kwargs in ([1, "2"], {}), ([1], {"a": 2}):
        with pytest.raises(PayloadError, match=r"expected argument (rest|more) of"):
            unchecked.checked(args, kwargs)


# ---- every way to publish ----


@pytest.fixture
def charge(service: InProcessService) -> Iterator[Any]:
    """A task whose key is made from a number and a factor, for the length of a test."""
    seen: list[Any] = []
    register: Any = app.task

    def run(self: ServiceTask, invoice: int, factor: float = 1.0) -> None:
        seen.append((invoice, factor))

    task = register(
        shared=False,
        base=ServiceTask,
        bind=True,
        name="tests.charge",
        work_queue=Queue.SHORT,
        idempotency="natural",
        key=("invoice", "factor"),
        autoretry_for=(ValueError,),
        soft_time_limit=1,
        time_limit=2,
    )(run)
    task.seen = seen
    yield task
    app.tasks.pop("tests.charge", None)


WRONG: dict[str, Callable[[Any], Any]] = {
    "delay": lambda task: task.delay("1"),
    "apply_async": lambda task: task.apply_async((1,), {"factor": "2"}),
    "signature": lambda task: task.s("1").apply_async(),
    "immutable": lambda task: task.si("1"),
    "publish_many": lambda task: publish_many([(task, {"invoice": 1}), (task, {"invoice": "1"})]),
    "send": lambda task: send(app, "charge", {"invoice": "1"}),
    "beat": lambda task: task.apply_async(("1",), {}, headers={"celery_beat_task": True}, producer=None),
    "chain": lambda task: chain(task.s(1), task.s("2")).apply_async(),
    "group in a chain": lambda task: chain(task.s(1), group(task.s(2.0), task.s("2")), task.si(3)).apply_async(),
    "group": lambda task: group(task.s(1), task.s("2")).apply_async(),
    "header of a chord": lambda task: chord([task.s(1), task.s("2")], task.si(3)).apply_async(),
    "link": lambda task: task.apply_async((1,), link=task.s("2")),
    "chord": lambda task: chord([task.s(1)], task.s("2")).apply_async(),
    "step": lambda task: Workflow("tests", None, task).step("1", task, "1"),
}


@pytest.mark.parametrize("way", WRONG)
def test_every_way_to_publish_refuses_it(way: str, charge: Any) -> None:
    with pytest.raises(PayloadError, match=r"expected argument (invoice|factor) of tests\.charge to be (int|float)"):
        WRONG[way](charge)


@pytest.mark.parametrize(
    "call", [lambda task: task.delay(), lambda task: task.delay(1, 2.0, 3), lambda task: task.si(a=1)]
)
def test_a_call_that_the_task_does_not_take_is_a_type_error(call: Callable[[Any], Any], charge: Any) -> None:
    message = r"arguments of tests\.charge to be \(invoice: int, factor: float = 1\.0\), got: .*; correct the call"
    with pytest.raises(TypeError, match=message) as refused:
        call(charge)
    assert isinstance(refused.value, PayloadError)


def test_the_outbox_refuses_it(charge: Any) -> None:
    with create_engine("sqlite://").connect() as connection:
        for task in charge.s("1"), charge.name:
            with pytest.raises(PayloadError, match=r"expected argument invoice of tests\.charge to be int"):
                outbox.publish(connection, task, () if task is not charge.name else ("1",))


def test_keys_are_made_from_the_form_that_is_published(
    charge: Any, service: InProcessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    key_of = charge.key_of

    def noted(*given: Any) -> str:
        keys.append(key_of(*given))
        return keys[-1]

    monkeypatch.setattr(charge, "key_of", noted)
    for factor in (1, 1.0):
        assert service.deliver(charge, 1, factor).state == "SUCCESS"
    assert keys == ["tests.charge:[1, 1.0]"] * 2


# ---- what arrives all the same ----


def test_what_arrives_wrong_is_a_letter_and_neither_run_nor_retried(
    charge: Any, service: InProcessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charge, "checked", lambda args, kwargs, options: (args, kwargs))
    monkeypatch.setattr(charge, "typing", False)
    for args in ("1",), (1, True), ():
        assert service.deliver(charge, *args).state == "FAILURE"
    assert charge.seen == []
    reasons = [letter.reason for letter in service.dead_letters()]
    assert [reason.partition(" of ")[0] for reason in reasons] == [
        "PayloadError: expected argument invoice",
        "PayloadError: expected argument factor",
        "PayloadError: expected the arguments",
    ]


def test_what_follows_a_run_that_is_over_accuses_only_itself(charge: Any, service: InProcessService) -> None:
    charge.apply_async(("1",), parent_id="over")
    relay(OutboxMessage("of-an-earlier-release", charge.name, ["1"], {}, {}))


@each_broker
def test_a_worker_keeps_what_arrives_wrong_as_a_letter(worker: Worker) -> None:
    wrong, good = str(uuid.uuid4()), str(uuid.uuid4())
    worker.call(send_unchecked, "tests.double", ["21"], wrong)
    worker.call(send_unchecked, "tests.double", [21], good)
    (reason,) = worker.wait(lambda: worker.call(dead_reasons, wrong))
    assert reason.startswith("PayloadError: expected argument number of tests.double to be int, got: '21' of type str")
    worker.wait(lambda: worker.lines('"done"', good))
    assert not worker.lines('"done"', wrong)
