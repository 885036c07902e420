"""What the queues hold on RabbitMQ. AMQP tells what waits and who consumes; the rest is the management API's.

No interface tells how old the first message of a quorum queue is, and to look at it would count as a delivery. So its
age is what successive calls prove: a queue is first in, first out, and each call notes how many messages had come.
"""

import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from amqp.exceptions import NotFound
from kombu import Connection

from ...queues import QueueClass
from .. import QueueFigures
from .management import ask

__all__ = ["Age", "Figures"]

MOST_SAMPLES = 1000


class Age:
    """The least age of the message that is next in one queue."""

    def __init__(self) -> None:
        self.waiting = self.left = 0
        self._samples: deque[tuple[float, int]] = deque()
        """When it was seen, and how many messages had come to the queue by then."""

    def note(self, waiting: int, left: int, now: float) -> float:
        """The seconds for which the next message has been waiting at least.

        left: how many messages have left the queue so far; a smaller number than before begins anew.
        """
        if left < self.left or not waiting:
            self._samples.clear()
        self.waiting, self.left = waiting, left
        while self._samples and self._samples[0][1] <= left:
            self._samples.popleft()
        if waiting and (not self._samples or left + waiting > self._samples[-1][1]):
            self._samples.append((now, left + waiting))
        if len(self._samples) > MOST_SAMPLES:  # every other one: the age is told less exactly, and never too high
            self._samples = deque(list(self._samples)[1::2])
        return now - self._samples[0][0] if self._samples else 0.0


class Figures:
    """Asks for the figures, and remembers what the ages follow from."""

    def __init__(self, timeout: float) -> None:
        """Nothing is connected. timeout: seconds that one answer of the management API may take."""
        self._timeout = timeout
        self._ages: dict[str, Age] = {}

    def ask(self, connection: Connection, queues: Sequence[QueueClass]) -> list[QueueFigures]:
        """The figures of each queue."""
        return [self._of(connection, queue) for queue in queues]

    def _of(self, connection: Any, queue: QueueClass) -> QueueFigures:
        waiting, consumers = _declared(connection, queue.wire_name)
        dead, _ = _declared(connection, queue.dead_name)
        told: dict[str, Any] = {}
        with suppress(OSError):  # the broker is there all the same
            told = ask("queues", connection.virtual_host, queue.wire_name, timeout=self._timeout) or {}
        in_work = told.get("messages_unacknowledged")
        left = None if in_work is None else told.get("message_stats", {}).get("deliver_get", 0)
        return QueueFigures(
            queue.name, waiting, in_work, self._oldest(queue.name, waiting, consumers, left), dead, consumers
        )

    def _oldest(self, name: str, waiting: int, consumers: int, left: int | None) -> float | None:
        age = self._ages.setdefault(name, Age())
        if left is None and waiting:
            if consumers:  # nobody tells which messages they have taken
                del self._ages[name]
                return None
            if waiting < age.waiting:
                age = self._ages[name] = Age()
        return age.note(waiting, left or 0, time.monotonic())


def _declared(connection: Any, name: str) -> tuple[int, int]:
    """How many messages wait in a queue and how many consumers it has; none where nobody has declared it yet."""
    with connection.channel() as channel:
        try:
            found = channel.queue_declare(name, passive=True)
        except NotFound:
            return 0, 0
        return found.message_count, found.consumer_count
