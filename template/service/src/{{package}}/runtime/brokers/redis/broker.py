"""The configuration of Celery and kombu for Redis."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

from celery import Celery
from kombu import Exchange, Queue

from ...queues import QueueClass, max_runtime
from ...sending import BatchPublisher
from ...settings import server_name
from ...urls import REDIS_BROKER
from .. import Broker, DeadLetterQueue, Finding, QueueFigures
from . import transport
from .batch import RedisBatchPublisher
from .dead_letter_queue import RedisDeadLetterQueue
from .figures import figures, memory_ratio
from .publishing import ERRORS, publishing_options
from .settings import redis_settings

__all__ = ["RedisBroker"]

SOCKET_TIMEOUT = 5
"""Seconds that a worker waits for an answer."""


class RedisBroker(Broker):
    """Lists, delivered by the service's own kombu transport unless REDIS_DELIVERY says `stock`."""

    schemes: ClassVar[tuple[str, ...]] = REDIS_BROKER
    errors: ClassVar[tuple[type[BaseException], ...]] = ERRORS
    longest_silence = 2.0 * SOCKET_TIMEOUT

    def publishing_options(self) -> dict[str, Any]:
        """See Broker."""
        return publishing_options(self.settings.attempt_timeout)

    def celery_settings(self, queues: Iterable[QueueClass]) -> dict[str, Any]:
        """See Broker. Installs the service's own transport, unless that is switched off."""
        own, name = redis_settings(), server_name()
        atomic = own.redis_delivery == "atomic"
        if atomic:
            transport.install()
        options = {
            "visibility_timeout": own.lease if atomic else max_runtime(queues) + own.stock_max_delay,
            "delivery_limit": self.settings.delivery_limit,
            "malformed_suffix": ".dead",
            "unacked_key": f"{name}.unacked",
            "unacked_index_key": f"{name}.unacked_index",
            "unacked_mutex_key": f"{name}.unacked_mutex",
            "unacked_restore_interval": 5,
            "priority_steps": [0],
            "queue_order_strategy": "round_robin",
            "socket_timeout": SOCKET_TIMEOUT,
            "socket_connect_timeout": 2,
        }
        return {"broker_transport_options": options}

    def task_queues(self, queues: Iterable[QueueClass]) -> list[Queue]:
        """The lists that hold the messages."""
        exchange = Exchange(server_name(), type="direct")
        return [Queue(queue.wire_name, exchange, routing_key=queue.wire_name) for queue in queues]

    def dead_letter_queue(self, queue: QueueClass) -> Queue:
        """The list that holds a queue's dead letters."""
        return Queue(queue.dead_name, Exchange(""), routing_key=queue.dead_name)

    @contextmanager
    def dead_letters(self, app: Celery, queue: QueueClass) -> Iterator[DeadLetterQueue]:
        """See Broker."""
        with app.connection_for_write() as connection, connection.channel() as channel:
            yield RedisDeadLetterQueue(channel, queue)

    def consumes(self, channel: Any, queue: str, tag: str) -> bool:
        """See Broker. Without the thread that renews leases, other workers would get what this one receives."""
        renewer = getattr(channel.qos, "lease_renewer", None)
        return queue in channel.active_queues and (renewer is None or renewer.is_alive())

    def heard(self, channel: Any) -> Hashable | None:
        """See Broker. Redis answers a claim at once, a wait within a second; stock delivery may leave that unread."""
        return float(channel._brpop_sent_at) if channel._in_poll and channel.qos.can_consume() else None

    def wants_consumer(self, connection: Any, queue: str) -> bool:
        """See Broker. Redis does not know who consumes."""
        return bool(connection.default_channel._size(queue))

    def batch(self, connection: Any, on_result: Callable[[str, str], None]) -> AbstractContextManager[BatchPublisher]:
        """See Broker."""
        return RedisBatchPublisher(connection, on_result)

    def queue_figures(self, app: Celery, queues: Sequence[QueueClass]) -> list[QueueFigures]:
        """See Broker. Who listens to a list, Redis does not tell."""
        with app.connection_for_write() as connection, connection.channel() as channel:
            return figures(channel, queues, alone=len(app.amqp.queues) == 1)

    def memory_ratio(self, app: Celery) -> float | None:
        """See Broker."""
        with app.connection_for_write() as connection, connection.channel() as channel:
            return memory_ratio(channel)

    def diagnose(self, app: Celery, queues: Sequence[QueueClass]) -> Iterator[Finding]:
        """See Broker."""
        from .diagnostics import diagnose  # what `doctor` alone asks

        return diagnose(app)

    def beat_arguments(self, app: Celery) -> list[str]:
        """Several beats may run: redbeat's lock lets one of them publish, and another takes over when it dies."""
        app.conf.update(
            redbeat_redis_url=self.settings.require("broker_url"),
            redbeat_key_prefix=f"{server_name()}:beat:",
            redbeat_lock_timeout=30,
            redbeat_redis_options={"socket_timeout": 5, "socket_connect_timeout": 2},
            beat_max_loop_interval=5,
        )
        return ["--scheduler", f"{__package__}.beat:Scheduler"]
