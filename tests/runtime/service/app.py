"""The application, put together for the servers that the environment names; RUNTIME_OBSERVE names what observes it.

A part is imported if it is used, as in a service: SQLAlchemy with Alembic takes half a second.
"""

import os
from importlib import import_module
from typing import Any

from runtime import create_app
from runtime.settings import settings

from .queues import Queue

__all__ = ["app"]


def part(module: str, name: str) -> Any:
    """What a module of the runtime defines."""
    return getattr(import_module(f"runtime.{module}"), name)


RABBITMQ = settings().broker_url.startswith("amqp")
REDIS_STORE = settings().idempotency_url.startswith("redis")

app = create_app(
    queues=Queue,
    broker=part("brokers.rabbitmq", "RabbitmqBroker") if RABBITMQ else part("brokers.redis", "RedisBroker"),
    store=part("idempotency.redis", "RedisStore") if REDIS_STORE else part("idempotency.sql", "SqlStore"),
    breaker=part("breaker", "CircuitBreakers") if REDIS_STORE or not RABBITMQ else None,
    migrations=None if REDIS_STORE else part("migrations", "Migrations")(f"{__package__}:migrations"),
    observe=[
        part(f"observability.{name}", name.capitalize())() for name in os.environ.get("RUNTIME_OBSERVE", "").split()
    ],
    tasks=f"{__package__}.tasks",
    workflows=f"{__package__}.workflows",
)
app.conf.worker_lost_wait = 1.0  # seconds until a process that was killed is given up; Celery's default is 10
