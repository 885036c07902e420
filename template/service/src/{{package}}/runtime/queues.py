"""What a queue is, a class of service with workers of its own, and the timeout budget that follows from its table.

soft_time_limit < time_limit <= the queue's max_runtime < what the broker allows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from .errors import ConfigurationError
from .settings import Settings, server_name

__all__ = ["Limits", "Pool", "QueueClass", "check_limits", "grace_period", "max_runtime", "queue_of", "shutdown_cap"]

Pool = Literal["prefork", "threads"]


@dataclass(frozen=True, slots=True, init=False)
class QueueClass:
    """One line of the queue table.

    max_runtime: seconds; no task of this queue may have a higher `time_limit`. Also accepted as `longest_run`.
    prefetch: messages a worker takes ahead for each of its processes; more than 1 only for tasks of milliseconds.
    concurrency: processes or threads of one worker; None: one for each core.
    pool: `threads` for work that only waits (Celery enforces no time limits there), else `prefork`.
    """

    name: str
    max_runtime: int
    prefetch: int
    concurrency: int | None
    pool: Pool

    def __init__(
        self,
        name: str,
        max_runtime: int | None = None,
        prefetch: int = 1,
        concurrency: int | None = None,
        pool: Pool = "prefork",
        *,
        longest_run: int | None = None,
    ) -> None:
        if (max_runtime is None) == (longest_run is None):
            raise TypeError(
                f"expected max_runtime of queue {name} to be given once, got: {max_runtime} and {longest_run}; "
                "set max_runtime, in seconds"
            )
        values = {"name": name, "max_runtime": max_runtime or longest_run, "prefetch": prefetch}
        for field, value in (values | {"concurrency": concurrency, "pool": pool}).items():
            object.__setattr__(self, field, value)

    @property
    def longest_run(self) -> int:
        """The former name of `max_runtime`."""
        return self.max_runtime

    @property
    def wire_name(self) -> str:
        """The queue's name on the broker, which other services may share."""
        return f"{server_name()}.{self.name}"

    @property
    def dead_name(self) -> str:
        """The queue of this queue's dead letters."""
        return f"{self.wire_name}.dead"


class Limits(Protocol):
    """The time limits of a task, in seconds."""

    @property
    def own_name(self) -> str: ...

    @property
    def soft_time_limit(self) -> float | None: ...

    @property
    def time_limit(self) -> float | None: ...


def queue_of(queues: Iterable[QueueClass], routing_key: object) -> QueueClass | None:
    """The queue that a message of this routing key came from; a delayed one has the delay before the queue's name."""
    key = f".{routing_key}"
    matching = [queue for queue in queues if key.endswith(f".{queue.wire_name}")]
    return max(matching, key=lambda queue: len(queue.wire_name), default=None)


def max_runtime(queues: Iterable[QueueClass]) -> int:
    """The longest that a task of any of these queues may run, in seconds."""
    return max(queue.max_runtime for queue in queues)


def shutdown_cap(queues: Iterable[QueueClass], settings: Settings) -> int:
    """Seconds that a worker may take to finish its tasks after SIGTERM, before it requeues the rest."""
    return min(max_runtime(queues) + settings.margin, settings.shutdown_limit)


def grace_period(queues: Iterable[QueueClass], settings: Settings) -> int:
    """Seconds from SIGTERM to SIGKILL that a container needs: compose's stop_grace_period."""
    return shutdown_cap(queues, settings) + settings.margin


def check_limits(task: Limits, queue: QueueClass) -> None:
    """Raise ConfigurationError for a task whose limits are missing or do not fit its queue."""
    soft, hard = task.soft_time_limit, task.time_limit
    if soft is None or hard is None or not 0 < soft < hard:
        raise ConfigurationError(
            f"expected 0 < soft_time_limit < time_limit for {task.own_name}, got: {soft} and {hard}; "
            "set both in its options"
        )
    if hard > queue.max_runtime:
        raise ConfigurationError(
            f"expected time_limit of {task.own_name} to be at most {queue.max_runtime} s, the max_runtime of queue "
            f"{queue.name}, got: {hard}; lower it, or choose another work_queue"
        )
