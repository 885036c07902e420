"""A task of the tests that keeps its result."""

from celery import shared_task

from {{ package }}.queues import Queue
from {{ package }}.task import ServiceTask

__all__ = ["answer"]


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.answer",
    work_queue=next(iter(Queue)),
    idempotency="lease",
    keep_result="a test reads it",
    soft_time_limit=5,
    time_limit=10,
)
def answer(self: ServiceTask, number: int) -> int:
    """Return what nobody else could know."""
    return 2 * number
