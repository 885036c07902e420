"""The configuration of Celery and kombu for RabbitMQ."""

import tempfile
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from amqp.exceptions import NotFound
from celery import Celery
from celery.app.amqp import AMQP
from kombu import Exchange, Queue

from ...errors import ConfigurationError
from ...queues import QueueClass, max_runtime
from ...sending import BatchPublisher
from ...settings import PREFIX, Settings, server_name
from ...urls import RABBITMQ
from .. import Broker, DeadLetterQueue, Finding, QueueFigures
from . import properties
from .batch import RabbitmqBatchPublisher
from .dead_letter_queue import RabbitmqDeadLetterQueue
from .delays import SHORTEST_DELAY, DelayingAMQP
from .figures import Figures
from .management import ask
from .publishing import ERRORS, publishing_options
from .settings import rabbitmq_settings

__all__ = ["RabbitmqBroker"]

UNLIMITED = 2**31 - 1
"""A delivery limit that is never reached; RabbitMQ 4 sets 20 where none is given."""


class RabbitmqBroker(Broker):
    """Quorum queues.

    consumer_timeout: the server's own, in seconds, unless the environment names another one.
    """

    schemes: ClassVar[tuple[str, ...]] = RABBITMQ
    errors: ClassVar[tuple[type[BaseException], ...]] = ERRORS
    amqp_class: ClassVar[type[AMQP]] = DelayingAMQP
    shortest_delay: ClassVar[float] = SHORTEST_DELAY

    def __init__(self, settings: Settings, consumer_timeout: int = 1800) -> None:
        super().__init__(settings)
        self.consumer_timeout = rabbitmq_settings().consumer_timeout or consumer_timeout
        self.longest_silence = rabbitmq_settings().broker_heartbeat
        self._figures = Figures(settings.attempt_timeout)

    def publishing_options(self) -> dict[str, Any]:
        """See Broker."""
        return publishing_options(self.settings.attempt_timeout)

    def celery_settings(self, queues: Iterable[QueueClass]) -> dict[str, Any]:
        """See Broker. A run must end before the server takes its message away (`consumer_timeout`)."""
        properties.install()
        longest = max_runtime(queues) + self.settings.margin
        if longest >= self.consumer_timeout:
            raise ConfigurationError(
                f"expected {PREFIX}CONSUMER_TIMEOUT to be above {longest} s, the largest max_runtime and a margin, "
                f"got: {self.consumer_timeout}; lower max_runtime in queues.py, or raise consumer_timeout in "
                "rabbitmq.conf and in app.py, as asyncgen sync-queues does"
            )
        return {
            "broker_transport_options": {"read_timeout": 3, "write_timeout": 3},
            "broker_heartbeat": rabbitmq_settings().broker_heartbeat,
            "broker_connection_timeout": self.settings.attempt_timeout,
            "broker_native_delayed_delivery_queue_type": "quorum",
            "worker_detect_quorum_queues": True,
        }

    def task_queues(self, queues: Iterable[QueueClass]) -> list[Queue]:
        """Quorum queues whose rejected messages the broker itself moves to the dead letters."""
        exchange = Exchange(server_name(), type="topic")
        return [
            Queue(
                queue.wire_name,
                exchange,
                routing_key=queue.wire_name,
                queue_arguments={
                    "x-queue-type": "quorum",
                    "x-delivery-limit": self.settings.delivery_limit,
                    "x-overflow": "reject-publish",
                    "x-dead-letter-strategy": "at-least-once",
                    "x-dead-letter-exchange": _dead_exchange().name,
                    "x-dead-letter-routing-key": queue.dead_name,
                },
            )
            for queue in queues
        ]

    def dead_letter_queue(self, queue: QueueClass) -> Queue:
        """The queue of a queue's dead letters: reading them must not count as a delivery that failed."""
        return Queue(
            queue.dead_name,
            _dead_exchange(),
            routing_key=queue.dead_name,
            queue_arguments={"x-queue-type": "quorum", "x-delivery-limit": UNLIMITED},
        )

    @contextmanager
    def dead_letters(self, app: Celery, queue: QueueClass) -> Iterator[DeadLetterQueue]:
        """See Broker. Until the block ends, nobody else sees the messages that were read."""
        with app.connection_for_write() as connection, connection.channel() as channel:
            dead = self.dead_letter_queue(queue).bind(channel)
            yield RabbitmqDeadLetterQueue(dead, queue.wire_name, self.settings.delivery_limit)

    def consumes(self, channel: Any, queue: str, tag: str) -> bool:
        """See Broker."""
        return bool(channel.is_open and tag in channel.callbacks)

    def heard(self, channel: Any) -> Hashable | None:
        """See Broker. A server sends something at least every half of the heartbeat."""
        connection = channel.connection
        return connection and int(connection.bytes_recv)

    def wants_consumer(self, connection: Any, queue: str) -> bool:
        """See Broker."""
        try:
            with connection.channel() as channel:
                declared = channel.queue_declare(queue, passive=True)
        except NotFound:
            return True
        return bool(declared.message_count or not declared.consumer_count)

    def batch(self, connection: Any, on_result: Callable[[str, str], None]) -> AbstractContextManager[BatchPublisher]:
        """See Broker."""
        return RabbitmqBatchPublisher(connection, on_result)

    def queue_figures(self, app: Celery, queues: Sequence[QueueClass]) -> list[QueueFigures]:
        """See Broker. What only the management API tells is None where RABBITMQ_MANAGEMENT_URL is not set."""
        with app.connection_for_write() as connection:
            return self._figures.ask(connection, queues)

    def memory_ratio(self, app: Celery) -> float | None:
        """See Broker: of `vm_memory_high_watermark`, on the node that has the least left."""
        nodes = ask("nodes", timeout=self.settings.attempt_timeout) or []
        ratios = [
            node["mem_used"] / node["mem_limit"] for node in nodes if node.get("mem_limit") and "mem_used" in node
        ]
        return max(ratios, default=None)

    def diagnose(self, app: Celery, queues: Sequence[QueueClass]) -> Iterator[Finding]:
        """See Broker."""
        from .diagnostics import diagnose  # what `doctor` alone asks

        declared = [*self.task_queues(queues), *map(self.dead_letter_queue, queues)]
        return diagnose(app, declared, max_runtime(queues) + self.settings.margin, self.consumer_timeout)

    def beat_arguments(self, app: Celery) -> list[str]:
        """Exactly one beat may run: RabbitMQ has no lock that would choose between two."""
        file = Path(tempfile.gettempdir()) / f"{server_name()}.schedule"
        app.conf.beat_max_loop_interval = 5
        return ["--scheduler", f"{__package__}.beat:Scheduler", "--schedule", str(file)]


def _dead_exchange() -> Exchange:
    return Exchange(f"{server_name()}.dead", type="direct")
