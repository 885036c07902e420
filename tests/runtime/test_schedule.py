"""What `every` may say, and what beat makes of it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery.schedules import crontab

from runtime import ServiceTask, TaskOptionError
from runtime.schedule import Slots, celery_settings, parse_every, period, slot_id

from .service.app import app
from .service.queues import Queue


def test_every_is_a_period_or_a_crontab() -> None:
    assert parse_every("30s") == timedelta(seconds=30)
    assert parse_every("2h") == timedelta(hours=2)
    assert parse_every("*/5 * * * *") == crontab(minute="*/5")


@pytest.mark.parametrize("every", ["", "0s", "s", "5", "* * * *", "61 * * * *", "soon"])
def test_anything_else_is_refused(every: str) -> None:
    with pytest.raises(TaskOptionError, match="five crontab fields or a number"):
        parse_every(every)


@pytest.mark.parametrize(
    ("every", "seconds"), [("30s", 30), ("* * * * *", 60), ("*/5 * * * *", 300), ("0 3 * * *", 86400)]
)
def test_a_run_that_is_late_by_its_period_is_dropped(every: str, seconds: int) -> None:
    assert period(parse_every(every)) == pytest.approx(seconds, abs=2)
    task = SimpleNamespace(name="tests.scheduled", every=every)
    entry = celery_settings([task])["beat_schedule"]["tests.scheduled"]
    assert entry["task"] == "tests.scheduled"
    assert entry["options"]["expires"] == pytest.approx(seconds, abs=2)


def test_a_task_without_every_is_not_scheduled() -> None:
    assert celery_settings([SimpleNamespace(name="tests.other", every=None)]) == {"beat_schedule": {}}


@pytest.mark.parametrize(
    ("every", "now", "slot"),
    [
        ("30s", "2026-01-31T12:00:29", "2026-01-31T12:00:00Z"),
        ("1d", "2026-01-31T12:00:30", "2026-01-31T00:00:00Z"),
        ("*/5 * * * *", "2026-01-31T12:04:59", "2026-01-31T12:00:00Z"),
        ("30 3 * * 1", "2026-01-31T12:00:00", "2026-01-26T03:30:00Z"),
        ("0 0 1 3 *", "2026-01-31T12:00:00", "2025-03-01T00:00:00Z"),
    ],
)
def test_all_beats_give_a_slot_one_id(every: str, now: str, slot: str) -> None:
    task = SimpleNamespace(name="tests.scheduled", every=every)
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert slot_id(task, moment) == slot_id(task, moment + timedelta(microseconds=1)) == f"tests.scheduled@{slot}"


def test_a_period_begins_at_its_multiples_whenever_beat_was_started() -> None:
    slots = Slots(30, nowfun=lambda: datetime(2026, 1, 31, 12, 0, 31, tzinfo=UTC))
    assert slots.is_due(datetime(2026, 1, 31, 12, 0, 29, tzinfo=UTC)) == (True, 29)
    assert slots.is_due(datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)) == (False, 29)


@pytest.mark.usefixtures("service")
def test_what_two_beats_publish_is_one_run_and_a_call_by_hand_another() -> None:
    @app.task(
        shared=False,
        base=ServiceTask,
        bind=True,
        name="tests.planted",
        work_queue=Queue.SHORT,
        idempotency="lease",
        every="1d",
        soft_time_limit=1,
        time_limit=2,
    )
    def planted(self: ServiceTask) -> None:
        raise NotImplementedError

    task: Any = app.tasks["tests.planted"]
    try:
        beats = {task.apply_async(headers={"celery_beat_task": True}).id for _ in range(2)}
        assert beats == {slot_id(task)}
        assert task.delay().id not in beats
    finally:
        app.tasks.pop("tests.planted")
