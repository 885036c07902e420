"""A task of the tests that is due every second."""

from celery import shared_task

from {{ package }}.idempotency import MODES
from {{ package }}.queues import Queue
from {{ package }}.task import ServiceTask

__all__ = ["tick"]


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.tick",
    work_queue=next(iter(Queue)),
    idempotency=MODES[0],
    every="1s",
    soft_time_limit=5,
    time_limit=10,
)
def tick(self: ServiceTask) -> None:
    """Run; the worker's log says so."""
