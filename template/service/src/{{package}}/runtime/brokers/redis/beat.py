"""Redbeat, which keeps the schedule in Redis, with periods that two beats agree on."""

from typing import Any

from celery.schedules import schedule
from redbeat import RedBeatScheduler
from redbeat.schedulers import RedBeatSchedulerEntry

from ...schedule import Slots

__all__ = ["Entry", "Scheduler"]


class Entry(RedBeatSchedulerEntry):  # type: ignore[misc]  # ships no types
    """A line of the schedule. Redis keeps a period as its seconds alone, and it is read back as Celery's own kind."""

    def __init__(self, name: Any = None, task: Any = None, schedule: Any = None, **options: Any) -> None:
        """Make a period of Celery's own kind one with slots."""
        super().__init__(name, task, slots(schedule), **options)


class Scheduler(RedBeatScheduler):  # type: ignore[misc]  # ships no types
    """One of several: a lock in Redis says which of them publishes."""

    Entry = Entry


def slots(every: Any) -> Any:
    """A period with slots; a crontab has them already."""
    period: Any = every
    return Slots(period.run_every) if isinstance(every, schedule) and not isinstance(every, Slots) else every
