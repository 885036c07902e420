"""A task of an owner that calls through a circuit, for a service that has circuits."""

import os
from pathlib import Path

from celery import shared_task
from shop.queues import Queue  # type: ignore[import-not-found]  # the service that this file is copied into
from shop.task import ServiceTask  # type: ignore[import-not-found]  # the same


@shared_task(
    base=ServiceTask,
    bind=True,
    work_queue=Queue.WITHIN_1M,
    idempotency="natural",
    breaker="bank",
    autoretry_for=(ConnectionError,),
    retry_backoff=False,
    default_retry_delay=1,
    max_retries=5,
    soft_time_limit=9,
    time_limit=10,
)
def transfer(self: ServiceTask) -> None:
    """Call what is down."""
    if not Path(os.environ["SHOP_MENDED"]).exists():
        raise ConnectionError("the bank does not answer")
