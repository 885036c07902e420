"""Redbeat, which keeps the schedule in Redis, with periods that two beats agree on, and a lock that outlives Redis."""

from contextlib import suppress
from typing import Any

from celery.schedules import schedule
from celery.utils.log import get_logger
from redbeat import RedBeatScheduler
from redbeat.schedulers import RedBeatSchedulerEntry, get_redis
from redis.exceptions import LockError, RedisError

from ...schedule import Slots
from ..beat import WaitingScheduler

__all__ = ["Entry", "Scheduler"]

logger = get_logger("celery.beat")


class Entry(RedBeatSchedulerEntry):  # type: ignore[misc]  # ships no types
    """A line of the schedule. Redis keeps a period as its seconds alone, and it is read back as Celery's own kind."""

    def __init__(self, name: Any = None, task: Any = None, schedule: Any = None, **options: Any) -> None:
        """Make a period of Celery's own kind one with slots."""
        super().__init__(name, task, slots(schedule), **options)


class Scheduler(WaitingScheduler, RedBeatScheduler):  # type: ignore[misc]  # ships no types
    """One of several: a lock in Redis says which of them publishes.

    It writes the schedule into Redis when it has the lock, and again after each failure: Redis may have lost it.
    """

    Entry = Entry
    leads = False
    lock_key: Any

    def __init__(self, app: Any, **options: Any) -> None:
        """Celery calls this; nothing is connected."""
        super().__init__(app, **options)
        # Redbeat takes the lock when it starts, and ends when it is lost; so it is told that there is none.
        self._lock_name, self.lock_key = self.lock_key, None
        self._lock: Any = None
        self._is_set_up = False

    def setup_schedule(self) -> None:
        """Later, with the lock."""

    def tick(self, **options: Any) -> Any:
        """See WaitingScheduler."""
        interval = super().tick(**options)
        if self._pause:
            self._is_set_up = False
        return interval

    @property
    def schedule(self) -> Any:
        """What is due now or next; nothing while another beat has the lock."""
        self.leads = self._holds_lock()
        if not self.leads:
            self._is_set_up = False
            return {}
        if not self._is_set_up:
            super().setup_schedule()
            self._is_set_up = True
        return super().schedule

    def maybe_due(self, entry: Any, **options: Any) -> Any:
        """Publish a run that is due, then note in Redis that it was; return the seconds until the next one."""
        is_due, interval = entry.is_due()
        if is_due:
            self.publish(entry)
            self.reserve(entry)
        return interval

    def close(self) -> None:
        """Give the lock back, if Redis is there to take it; Celery calls this twice."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(RedisError):
                lock.release()
        super().close()

    def _holds_lock(self) -> bool:
        """Renew the lock, or take it if nobody has it."""
        if self._lock is None:
            self._lock = get_redis(self.app).lock(self._lock_name, timeout=self.lock_timeout)
        with suppress(LockError):
            self._lock.reacquire()
            return True
        acquired: bool = self._lock.acquire(blocking=False)
        if acquired:
            logger.info("beat: Acquired lock")
        return acquired


def slots(every: Any) -> Any:
    """A period with slots; a crontab has them already."""
    period: Any = every
    return Slots(period.run_every) if isinstance(every, schedule) and not isinstance(every, Slots) else every
