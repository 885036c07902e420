"""What runs when: each task that names `every` in its options, found like the tasks themselves.

A run that is late by its whole period is dropped, so that missed runs do not pile up. All times are UTC.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from celery.schedules import crontab, schedule

from .errors import TaskOptionError

__all__ = ["Scheduled", "Slots", "celery_settings", "next_slot", "parse_every", "period", "slot_id"]

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Scheduled(Protocol):
    """What a schedule needs of a task."""

    @property
    def name(self) -> str: ...

    @property
    def every(self) -> str | None: ...


class Slots(schedule):
    """A period whose slots begin at its multiples since 1970, whenever beat was started: two beats agree on them."""

    run_every: timedelta

    def __init__(self, run_every: Any = None, relative: bool = True, nowfun: Any = None, app: Any = None) -> None:
        # `relative` has Celery ask for the next slot after a run that came late.
        super().__init__(run_every, True, nowfun, app)

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """How far away the first slot after `last_run_at` is; negative when it has passed."""
        following = self.slot(self.maybe_make_aware(last_run_at)) + self.run_every
        return following - self.maybe_make_aware(self.now())

    def slot(self, moment: datetime) -> datetime:
        """The latest slot at or before a moment."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return moment - (moment.astimezone(UTC) - epoch) % self.run_every


def parse_every(every: str) -> crontab | Slots:
    """`*/5 * * * *` (minute hour day month weekday) or `30s`, `5m`, `2h`, `1d`."""
    if every[-1:] in SECONDS and every[:-1].isdecimal() and int(every[:-1]):
        return Slots(timedelta(seconds=int(every[:-1]) * SECONDS[every[-1]]))
    try:
        return crontab.from_string(every)
    except ValueError as invalid:
        raise TaskOptionError(
            f'expected every to be five crontab fields or a number with s, m, h or d, got: "{every}"; correct it'
        ) from invalid


def period(every: crontab | Slots) -> float:
    """Seconds from one run to the next, taken from now for a crontab."""
    if isinstance(every, Slots):
        return every.run_every.total_seconds()
    now = datetime.now(UTC)
    first = every.remaining_estimate(now)
    just_after = now + first + timedelta(seconds=1)
    return round((every.remaining_estimate(just_after) - first).total_seconds())


def celery_settings(tasks: Iterable[Scheduled]) -> dict[str, Any]:
    """Celery's `beat_schedule`, one entry for each task with `every`."""
    entries = {}
    for task in tasks:
        if task.every:
            every = parse_every(task.every)
            entries[task.name] = {
                "task": task.name,
                "schedule": every,
                "options": {"expires": period(every)},
            }
    return {"beat_schedule": entries}


def slot_id(task: Scheduled, now: datetime | None = None) -> str:
    """The id of the run that is due: the same from every beat, so that a second one publishes no second run."""
    slot = latest_slot(parse_every(task.every or ""), now or datetime.now(UTC))
    return f"{task.name}@{slot:%Y-%m-%dT%H:%M:%SZ}"


def next_slot(every: crontab | Slots, moment: datetime) -> datetime:
    """The first slot after a moment."""
    now = every.maybe_make_aware(every.now())
    following: datetime = now + every.remaining_estimate(moment)
    return following


def latest_slot(every: crontab | Slots, now: datetime) -> datetime:
    """The slot that has begun last."""
    if isinstance(every, Slots):
        return every.slot(now)
    fields: Any = every  # the sets of a crontab's numbers, which the stubs leave out
    moment = now.astimezone(UTC).replace(second=0, microsecond=0)
    while True:
        if not (
            moment.month in fields.month_of_year
            and moment.day in fields.day_of_month
            and moment.isoweekday() % 7 in fields.day_of_week
        ):
            moment -= timedelta(hours=moment.hour, minutes=moment.minute + 1)
        elif moment.hour not in fields.hour or moment.minute not in fields.minute:
            moment -= timedelta(minutes=1)
        else:
            return moment
