"""Redis as the broker: what Celery and kombu are told about it.

Messages live in lists, those in work in a hash with a lease. All keys carry the service's name, so that several
services may share one database.
"""

from collections.abc import Iterable
from typing import Any

from celery import Celery as Application
from kombu import Exchange
from kombu import Queue as BrokerQueue
from kombu.exceptions import BatchPublishError, LimitExceeded, OperationalError  # type: ignore[attr-defined]
from redis.exceptions import RedisError

from . import NAME, transport
from .queue_class import QueueClass
from .settings import Settings
from .times import longest_run

__all__ = [
    "BROKER_ERRORS",
    "LONGEST_TRY",
    "PUBLISHING",
    "Application",
    "celery_settings",
    "check_times",
    "dead_queue",
    "task_queues",
]

EXCHANGE = Exchange(NAME, type="direct")

BROKER_ERRORS = (OperationalError, LimitExceeded, BatchPublishError, RedisError, OSError)
"""What publishing may raise when the broker is away, does not answer, or says no."""

LONGEST_TRY = 2.0
"""Seconds that one try to publish may wait for an answer."""

PUBLISHING = {
    "socket_timeout": LONGEST_TRY,
    "socket_connect_timeout": LONGEST_TRY,
    "max_retries": 0,  # `publishing` tries again, and knows when to stop
}
"""Options of the connections that publish, beside those of all connections."""

LONGEST_DELAY = 3600
"""Seconds: stock delivery renews nothing, and repeats a message whose countdown or back-off is longer."""


def task_queues(settings: Settings, queues: Iterable[QueueClass]) -> list[BrokerQueue]:
    """The lists that hold the messages."""
    return [BrokerQueue(queue.wire_name, EXCHANGE, routing_key=queue.wire_name) for queue in queues]


def dead_queue(queue: QueueClass) -> BrokerQueue:
    """The list that holds a queue's dead letters."""
    return BrokerQueue(queue.dead_name, Exchange(""), routing_key=queue.dead_name)


def celery_settings(settings: Settings, queues: Iterable[QueueClass]) -> dict[str, Any]:
    """Celery's settings for this broker; puts the service's own delivery in place, unless that is switched off."""
    atomic = settings.redis_delivery == "atomic"
    if atomic:
        transport.install()
    options = {
        "visibility_timeout": settings.lease if atomic else longest_run(queues) + LONGEST_DELAY,
        "delivery_limit": settings.delivery_limit,
        "malformed_suffix": ".dead",
        "unacked_key": f"{NAME}.unacked",
        "unacked_index_key": f"{NAME}.unacked_index",
        "unacked_mutex_key": f"{NAME}.unacked_mutex",
        "unacked_restore_interval": 5,
        "priority_steps": [0],
        "queue_order_strategy": "round_robin",
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
    }
    return {"broker_transport_options": options}


def check_times(settings: Settings, queues: Iterable[QueueClass]) -> None:
    """Nothing to refuse: the lease is renewed whatever the run time, and stock delivery's timeout is derived."""
