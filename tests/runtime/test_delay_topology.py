"""RabbitMQ's delayed delivery where no worker has ever been: a broker that is new, has lost a part, has lost all."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from celery import _state
from kombu import Connection
from kombu.transport.native_delayed_delivery import CELERY_DELAYED_DELIVERY_EXCHANGE, MAX_LEVEL, level_name

from runtime.brokers.rabbitmq import RabbitmqBroker
from runtime.idempotency.redis import RedisStore
from runtime.publishing import publish_with_deadline
from runtime.queues import QueueClass
from runtime.service import Service, ServiceApp
from runtime.settings import Settings
from runtime.testing.servers.process import until

from .proxy import Proxy


class Queue(Enum):
    WITHIN_1M = QueueClass("within_1m", max_runtime=60)
    WITHIN_1H = QueueClass("within_1h", max_runtime=1500)


@pytest.fixture
def way(rabbitmq: str) -> Iterator[Proxy]:
    """The way to a RabbitMQ on which nobody has delayed a message; to start one takes five seconds of a processor."""
    forget(rabbitmq)
    with Proxy(rabbitmq) as proxy:
        yield proxy


def forget(url: str) -> None:
    """Leave nothing of the delayed delivery, as a RabbitMQ that starts on an empty disk."""
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        for name in [CELERY_DELAYED_DELIVERY_EXCHANGE, *map(level_name, range(MAX_LEVEL + 1))]:
            channel.exchange_delete(name)
            channel.queue_delete(name)
        for queue in Queue:
            channel.queue_delete(queue.value.wire_name)


@pytest.mark.long
@pytest.mark.xdist_group("rabbitmq")
def test_a_countdown_needs_no_worker_on_the_way(way: Proxy, rabbitmq: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(broker_url=way.url)
    service = Service(Queue, RabbitmqBroker(settings), RedisStore, None)
    app: Any = ServiceApp("delayed", broker=settings.broker_url, amqp=service.broker.amqp_class, set_as_current=False)
    app.service = service
    app.conf.update(
        task_queues=service.broker.task_queues(service.queues),
        task_create_missing_queues=False,
        **service.broker.celery_settings(service.queues),
    )
    monkeypatch.setattr(_state._tls, "current_app", app)  # type: ignore[attr-defined]  # not in the stubs
    queue = app.amqp.queues[Queue.WITHIN_1H.value.wire_name]

    def publish_and_count(number: int) -> None:
        """Publish one more message with a countdown, and see so many in the queue."""
        options = {"countdown": 1, "queue": queue.name, "retry": False, "confirm_timeout": 2}
        publish_with_deadline("late", lambda producer: app.send_task("late", producer=producer, **options))
        with app.connection_for_read() as connection:
            bound = queue.bind(connection.default_channel)
            until(lambda: bound.queue_declare(passive=True).message_count >= number, 30)
            assert bound.queue_declare(passive=True).message_count == number

    publish_and_count(1)
    with app.connection_for_read() as connection:
        connection.default_channel.exchange_delete("celery_delayed_27")
    publish_and_count(2)
    way.drop()
    forget(rabbitmq)
    publish_and_count(1)
