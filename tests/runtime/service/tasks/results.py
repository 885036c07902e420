"""A task that keeps its result."""

from runtime import ServiceTask, shared_task

from ..queues import Queue

__all__ = ["double"]


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.double",
    work_queue=Queue.SHORT,
    idempotency="lease",
    keep_result="a test reads it",
    soft_time_limit=5,
    time_limit=10,
)
def double(self: ServiceTask, number: int) -> int:
    """Return what nobody else could know."""
    return 2 * number
