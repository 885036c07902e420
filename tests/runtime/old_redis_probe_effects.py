"""An effect beside its key, and the tests' way to count it."""

import os
import time
from typing import Any

from celery import shared_task
from redis import Redis

from {{ package }}.queues import Queue
from {{ package }}.settings import settings
from {{ package }}.task import ServiceTask

__all__ = ["WINDOW", "counts", "happens", "prepare"]

WINDOW = os.cpu_count() or 1
"""Effects that a killed worker may repeat: one for each of its processes, between effect and record."""


def prepare(url: str) -> None:
    """Nothing: Redis has no tables."""


def counts(url: str, name: str) -> dict[Any, int]:
    """How often each effect happened."""
    with Redis.from_url(url) as client:
        found: Any = client.hgetall(f"tests:effects:{name}")
        return {number: int(count) for number, count in found.items()}


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.happens",
    work_queue=next(iter(Queue)),
    idempotency="lease",
    key=("name", "number"),
    soft_time_limit=5,
    time_limit=10,
)
def happens(self: ServiceTask, name: str, number: int) -> None:
    """Take a while, and be there."""
    time.sleep(0.05)
    with Redis.from_url(settings().idempotency_url) as client:
        client.hincrby(f"tests:effects:{name}", str(number), 1)
