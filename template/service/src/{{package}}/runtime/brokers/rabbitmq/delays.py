"""Delayed messages on RabbitMQ: the exchanges and queues between publisher and queue are declared by the publisher.

Celery sends a countdown through 28 exchanges and queues of the broker's own (see kombu's `native_delayed_delivery`),
and leaves it to the worker to declare them. Without them a publish fails, and where they are not bound to a queue that
a release has brought along, the message vanishes.
"""

from functools import cached_property
from types import SimpleNamespace
from typing import Any, Self

from celery.app.amqp import AMQP
from kombu.abstract import MaybeChannelBound
from kombu.transport.native_delayed_delivery import (
    MAX_LEVEL,
    bind_queue_to_native_delayed_delivery_exchange,
    declare_native_delayed_delivery_exchanges_and_queues,
    level_name,
)

__all__ = ["SHORTEST_DELAY", "DelayedDelivery", "DelayingAMQP"]

SHORTEST_DELAY = 1.0
"""Seconds. RabbitMQ delays by whole ones: for less, kombu's `calculate_routing_key` raises ValueError. What is left of
a longer delay, the worker waits for."""


class DelayedDelivery(MaybeChannelBound):
    """All exchanges, queues and bindings of a delayed message, as one kombu entity: declared once for each connection.

    So it is declared anew for a broker that was replaced by an empty one, since no connection outlives that.
    """

    can_cache_declaration = True
    name = level_name(MAX_LEVEL)
    """The exchange that every delayed message enters by."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self.app = app

    def __copy__(self) -> Self:
        """For kombu's `bind`."""
        return type(self)(self.app)

    def __hash__(self) -> int:
        """What kombu remembers of a declaration."""
        return hash((type(self), self.name))

    def declare(self, channel: Any) -> None:
        """Declare them up to all queues of the service, and these too: a hundred round trips.

        It takes seconds where its 28 quorum queues have yet to be made.
        """
        # kombu's functions open a channel for themselves, and leave it open.
        connection: Any = SimpleNamespace(channel=lambda: channel)
        kind = self.app.conf.broker_native_delayed_delivery_queue_type
        declare_native_delayed_delivery_exchanges_and_queues(connection, kind)
        for queue in self.app.amqp.queues.values():
            queue.bind(channel).declare()
            bind_queue_to_native_delayed_delivery_exchange(connection, queue)


class DelayingAMQP(AMQP):
    """Celery's own, which declares what a delayed message needs."""

    @cached_property
    def send_task_message(self) -> Any:
        """Celery's function that publishes every task's message."""
        send: Any = super().send_task_message
        delays = DelayedDelivery(self.app)

        def send_task_message(producer: Any, name: str, message: Any, exchange: Any = None, **options: Any) -> Any:
            if getattr(exchange, "name", exchange) == delays.name:
                options["declare"] = [*(options.get("declare") or ()), delays]
            return send(producer, name, message, exchange=exchange, **options)

        return send_task_message
