"""What a queue is: a class of service with a longest run and workers of its own."""

from dataclasses import dataclass
from typing import Literal

from . import NAME

__all__ = ["Pool", "QueueClass"]

Pool = Literal["prefork", "threads"]


@dataclass(frozen=True, slots=True)
class QueueClass:
    """One line of the queue table.

    longest_run: seconds; no task of this queue may have a higher `time_limit`.
    prefetch: messages a worker takes ahead for each of its processes; more than 1 only for tasks of milliseconds.
    concurrency: processes or threads of one worker; None: one for each core.
    pool: `threads` for work that only waits (Celery enforces no time limits there), else `prefork`.
    """

    name: str
    longest_run: int
    prefetch: int = 1
    concurrency: int | None = None
    pool: Pool = "prefork"

    @property
    def wire_name(self) -> str:
        """The queue's name on the broker, which other services may share."""
        return f"{NAME}.{self.name}"

    @property
    def dead_name(self) -> str:
        """The queue of this queue's dead letters."""
        return f"{self.wire_name}.dead"
