"""A run that writes to a table of the service's own; only where the store is SQL."""

from runtime import ServiceTask, shared_task
from runtime.service import current_service

from ..queues import Queue

__all__ = ["mark"]

MODE = current_service().store.modes[0]


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.mark",
    work_queue=Queue.SHORT,
    idempotency=MODE,
    key=("name",),
    soft_time_limit=5,
    time_limit=10,
)
def mark(self: ServiceTask, name: str) -> None:
    """Leave a row."""
    from ..models import Mark

    self.session.add(Mark(name=name))
