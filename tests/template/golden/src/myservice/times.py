"""The chain of times: what follows from the queue table, and the check that nothing breaks it.

soft_time_limit < time_limit <= the queue's longest_run < what the broker allows (see `broker`).
"""

from collections.abc import Iterable
from typing import Protocol

from .errors import ConfigurationError
from .queue_class import QueueClass

__all__ = ["MARGIN", "Limits", "check_limits", "grace_period", "longest_run", "shutdown_cap"]

MARGIN = 10
"""Seconds between one link of the chain and the next."""


class Limits(Protocol):
    """What a task says of its time, in seconds."""

    @property
    def name(self) -> str: ...

    @property
    def soft_time_limit(self) -> float | None: ...

    @property
    def time_limit(self) -> float | None: ...


def longest_run(queues: Iterable[QueueClass]) -> int:
    """The longest that a task of any of these queues may run."""
    return max(queue.longest_run for queue in queues)


def shutdown_cap(queues: Iterable[QueueClass], limit: int) -> int:
    """How long a worker may finish its tasks after SIGTERM before it gives the rest back."""
    return min(longest_run(queues) + MARGIN, limit)


def grace_period(queues: Iterable[QueueClass], limit: int) -> int:
    """How long a container must be left alone after SIGTERM: compose's stop_grace_period."""
    return shutdown_cap(queues, limit) + MARGIN


def check_limits(task: Limits, queue: QueueClass) -> None:
    """Refuse a task whose limits are missing or do not fit its queue."""
    soft, hard = task.soft_time_limit, task.time_limit
    if soft is None or hard is None or not 0 < soft < hard:
        raise ConfigurationError(
            f"expected 0 < soft_time_limit < time_limit for {task.name}, got: {soft} and {hard}; "
            "set both in its options"
        )
    if hard > queue.longest_run:
        raise ConfigurationError(
            f"expected time_limit of {task.name} to be at most {queue.longest_run} s, the longest run of queue "
            f"{queue.name}, got: {hard}; lower it, or choose another work_queue"
        )
