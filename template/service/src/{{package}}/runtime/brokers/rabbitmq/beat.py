"""Celery's scheduler, which keeps the schedule in a file, with a run that stays due until RabbitMQ has it."""

from typing import Any

from celery.beat import PersistentScheduler

from ..beat import WaitingScheduler

__all__ = ["Scheduler"]


class Scheduler(WaitingScheduler, PersistentScheduler):
    """The only one: RabbitMQ has no lock that would choose between two."""

    _heap: Any
    """What comes next; Celery builds it from the schedule where it is None."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Publish a run that Celery has noted as sent; the note counts when RabbitMQ has it, also if beat ends here."""
        noted, self.schedule[entry.name] = self.schedule[entry.name], entry
        heap, self._heap = self._heap, None
        self.publish(entry)
        self.schedule[entry.name], self._heap = noted, heap
