"""The application, put together for the servers that the environment names."""

from runtime import create_app
from runtime.breaker import CircuitBreakers
from runtime.brokers.rabbitmq import RabbitmqBroker
from runtime.brokers.redis import RedisBroker
from runtime.idempotency.redis import RedisStore
from runtime.idempotency.sql import SqlStore
from runtime.migrations import Migrations
from runtime.settings import settings

from .queues import Queue

__all__ = ["app"]

RABBITMQ = settings().broker_url.startswith("amqp")
REDIS_STORE = settings().idempotency_url.startswith("redis")

app = create_app(
    queues=Queue,
    broker=RabbitmqBroker if RABBITMQ else RedisBroker,
    store=RedisStore if REDIS_STORE else SqlStore,
    breaker=CircuitBreakers if REDIS_STORE or not RABBITMQ else None,
    migrations=None if REDIS_STORE else Migrations(f"{__package__}:migrations"),
    tasks=f"{__package__}.tasks",
    workflows=f"{__package__}.workflows",
)
app.conf.worker_lost_wait = 1.0  # seconds until a process that was killed is given up; Celery's default is 10
