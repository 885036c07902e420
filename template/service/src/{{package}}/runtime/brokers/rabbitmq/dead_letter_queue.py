"""The dead letters of one queue on RabbitMQ. What is read is unacknowledged until the channel closes, then requeued.

That counts as a delivery in a quorum queue: `RabbitmqBroker.dead_letter_queue` sets a limit that is never reached.
"""

from collections.abc import Iterator
from typing import Any

from .. import DELIVERY_COUNT, deaths_of

__all__ = ["RabbitmqDeadLetterQueue"]


class RabbitmqDeadLetterQueue:
    """See `DeadLetterQueue`."""

    def __init__(self, bound_queue: Any, source: str, delivery_limit: int) -> None:
        """bound_queue: a kombu Queue on a channel. source: the wire name of the queue that the letters came from."""
        self._queue, self._source, self._delivery_limit = bound_queue, source, delivery_limit

    def __iter__(self) -> Iterator[Any]:
        """The messages."""
        self._queue.declare()
        channel = self._queue.channel
        for _ in range(self._queue.queue_declare(passive=True).message_count):
            # kombu's own `Queue.get` raises for a message that cannot be decompressed.
            if (found := channel.basic_get(self._queue.name, no_ack=False)) is None:
                return
            message = channel.message_to_python(found)
            self._set_delivery_count(message)
            yield message

    def remove(self, message: Any) -> None:
        """See DeadLetterQueue."""
        message.ack()

    def _set_delivery_count(self, message: Any) -> None:
        """Let the header count deliveries to workers: here the broker counts how often the letter was read."""
        message.headers.pop(DELIVERY_COUNT, None)
        deaths = [(death.get("queue"), death.get("reason")) for death in deaths_of(message.headers)]
        if (self._source, "delivery_limit") in deaths:
            message.headers[DELIVERY_COUNT] = self._delivery_limit + 1
