"""Tasks of an owner, copied into the service `shop`: those of its usual load, and those by which a fault is planted."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import shared_task
from shop.queues import Queue  # type: ignore[import-not-found]  # the service that this file is copied into
from shop.task import ServiceTask  # type: ignore[import-not-found]  # the same

MENDED = Path(os.environ["SHOP_MENDED"])
"""While this file is there, what failed works."""


def task(queue: Any, **options: Any) -> Callable[[Callable[..., None]], Any]:
    """Celery's decorator, with what is the same for all of them."""
    options = {"idempotency": "natural", "soft_time_limit": 9, "time_limit": 10, "base": ServiceTask, **options}
    decorate: Callable[[Callable[..., None]], Any] = shared_task(bind=True, work_queue=queue, **options)
    return decorate


@task(Queue.WITHIN_10S)
def serve(self: ServiceTask, seconds: float = 0.2) -> None:
    """Work of the first queue, for as long as it takes or is not mended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not MENDED.exists():
        time.sleep(0.05)


@task(Queue.WITHIN_1M)
def bill(self: ServiceTask) -> None:
    """Short work of the second."""
    time.sleep(0.05)


@task(Queue.WITHIN_1H)
def report(self: ServiceTask) -> None:
    """Short work of the third, also published through the outbox where there is one."""
    time.sleep(0.05)


@task(Queue.WITHIN_1H, every="10s")
def scheduled(self: ServiceTask) -> None:
    """What beat publishes."""


@task(Queue.WITHIN_1M)
def fail(self: ServiceTask) -> None:
    """A run that fails for good."""
    raise ValueError("it fails")


@task(Queue.WITHIN_1M, autoretry_for=(ConnectionError,), retry_backoff=False, default_retry_delay=2, max_retries=1000)
def call(self: ServiceTask) -> None:
    """A call that fails, and is tried again."""
    if not MENDED.exists():
        raise ConnectionError("it does not answer")


@task(Queue.WITHIN_1M, idempotency="lease", key=("order",))
def charge(self: ServiceTask, order: int = 7) -> None:
    """Work that is done once for an order."""
