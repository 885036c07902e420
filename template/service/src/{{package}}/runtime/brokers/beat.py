"""What both schedulers of `celery beat` do when the broker is away: they wait for it, and go on.

Celery's own end then, or lose a run, which they note as sent before they send it. Here it is sent first, under the id
of its slot: what is sent twice is one run, and what was missed runs once, under the id of the latest slot.
"""

import signal
from typing import Any

from celery.beat import SchedulingError
from celery.utils.log import get_logger

from ..probe import write
from ..settings import settings

__all__ = ["WaitingScheduler", "note_signals"]

logger = get_logger("celery.beat")

LONGEST_PAUSE = 8.0
"""Seconds between two attempts; the first one is repeated after one second."""


class WaitingScheduler:
    """Goes before a class of Celery's `Scheduler`."""

    producer: Any = None
    """Each publish takes one from the application's pool, which drops a connection that broke."""

    app: Any
    leads = True
    """Whether it is this one, and no other, that publishes."""
    ending = False
    """Whether a signal has told the process to end."""
    _pause = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Publish what is due, and return the seconds until the next call; raises SystemExit where beat has to end."""
        interval = self._tick(*args, **kwargs)
        if self.ending:
            raise SystemExit
        return interval

    def _tick(self, *args: Any, **kwargs: Any) -> Any:
        scheduler: Any = super()
        try:
            interval = scheduler.tick(*args, **kwargs)
        except self.app.service.broker.errors as away:
            self._pause = min(2 * self._pause or 1.0, LONGEST_PAUSE)
            logger.warning(
                "beat: Waiting for the broker, again in %d s: %s: %s", self._pause, type(away).__name__, away
            )
            self._heartbeat(self._pause, ["it waits for the broker"])
            return self._pause
        if self._pause:
            logger.warning("beat: The broker is back")
            self._pause = 0.0
        self._heartbeat(interval, [])
        return interval

    def close(self) -> None:
        """Celery's own, which ends the heartbeat, too."""
        settings().heartbeat_file.unlink(missing_ok=True)
        scheduler: Any = super()
        scheduler.close()

    def _heartbeat(self, interval: float, faults: list[str]) -> None:
        """Tell the probe that beat ticks, and will do so again in `interval` seconds."""
        good_for = interval + settings().health_limit
        write(settings().heartbeat_file, good_for, 0 if faults else good_for, faults)

    def publish(self, entry: Any) -> None:
        """Send a run that is due. Raises the broker's errors; any other one is logged, and the run is dropped."""
        logger.info("Scheduler: Sending due task %s (%s)", entry.name, entry.task)
        scheduler: Any = super()
        try:
            scheduler.apply_async(entry, producer=None, advance=False)
        except SchedulingError as failed:
            if isinstance(failed.__context__, self.app.service.broker.errors):
                raise failed.__context__ from None
            logger.error("beat: %s", failed, exc_info=True)


def note_signals(sender: Any, **_: Any) -> None:
    """Replace the handlers of Celery's beat when it begins (signal `beat_init`).

    Those close the schedule, which a publish may be at work with, and raise SystemExit. Python drops that in a
    destructor, such as the one of each publish's AsyncResult: beat then went on. Here the tick ends it all the same.
    """

    def end(number: int, frame: Any) -> None:
        sender.scheduler.ending = True
        raise SystemExit

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
