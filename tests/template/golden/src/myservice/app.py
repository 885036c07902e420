"""The Celery application, and the parts that it is made of. Importing it finds and checks every task and workflow.

`from <package>.app import app` for a worker or a producer; task files need neither, they use `@shared_task`.
"""

from .queues import Queue
from .runtime import create_app
from .runtime.breaker import CircuitBreakers
from .runtime.brokers.redis import RedisBroker
from .runtime.idempotency.redis import RedisStore

__all__ = ["app"]

app = create_app(
    queues=Queue,
    broker=RedisBroker,
    store=RedisStore,
    breaker=CircuitBreakers,
    tasks=f"{__package__}.tasks",
    workflows=f"{__package__}.workflows",
)
