"""Tasks of the tests that are steps of a workflow."""

import structlog
from celery import shared_task

from {{ package }}.queues import Queue
from {{ package }}.task import ServiceTask

__all__ = ["first", "heard", "second"]

log = structlog.get_logger(__name__)
SHORTEST = min(Queue, key=lambda queue: queue.value.longest_run)


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.first",
    work_queue=SHORTEST,
    idempotency="lease",
    soft_time_limit=5,
    time_limit=10,
)
def first(self: ServiceTask, fails: bool) -> None:
    """Run, or fail for good."""
    if fails:
        raise ValueError("it cannot work")
    log.info(f"first of {self.request.root_id}")


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.second",
    work_queue=SHORTEST,
    idempotency="lease",
    soft_time_limit=5,
    time_limit=10,
)
def second(self: ServiceTask) -> None:
    """Run after the first."""
    log.info(f"second of {self.request.root_id}")


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.heard",
    work_queue=SHORTEST,
    idempotency="lease",
    soft_time_limit=5,
    time_limit=10,
)
def heard(self: ServiceTask, workflow_id: str) -> None:
    """Hear of a failure."""
    log.info(f"heard of {workflow_id}")
