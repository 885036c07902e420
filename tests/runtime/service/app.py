"""The application, put together for the servers that the environment names; RUNTIME_OBSERVE names what observes it."""

import os
from importlib import import_module

from runtime import create_app
from runtime.breaker import CircuitBreakers
from runtime.brokers.rabbitmq import RabbitmqBroker
from runtime.brokers.redis import RedisBroker
from runtime.idempotency.redis import RedisStore
from runtime.idempotency.sql import SqlStore
from runtime.migrations import Migrations
from runtime.service import Observer
from runtime.settings import settings

from .queues import Queue

__all__ = ["app"]


def observer(name: str) -> Observer:
    """The one that the module of this name defines."""
    made: Observer = getattr(import_module(f"runtime.observability.{name}"), name.capitalize())()
    return made


RABBITMQ = settings().broker_url.startswith("amqp")
REDIS_STORE = settings().idempotency_url.startswith("redis")

app = create_app(
    queues=Queue,
    broker=RabbitmqBroker if RABBITMQ else RedisBroker,
    store=RedisStore if REDIS_STORE else SqlStore,
    breaker=CircuitBreakers if REDIS_STORE or not RABBITMQ else None,
    migrations=None if REDIS_STORE else Migrations(f"{__package__}:migrations"),
    observe=[observer(name) for name in os.environ.get("RUNTIME_OBSERVE", "").split()],
    tasks=f"{__package__}.tasks",
    workflows=f"{__package__}.workflows",
)
app.conf.worker_lost_wait = 1.0  # seconds until a process that was killed is given up; Celery's default is 10
