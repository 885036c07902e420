"""Steps of a workflow, and what runs when one has failed."""

import structlog

from runtime import ServiceTask, shared_task

from ..queues import Queue

__all__ = ["failed", "first", "second"]

log = structlog.get_logger(__name__)


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.first",
    work_queue=Queue.SHORT,
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
    work_queue=Queue.SHORT,
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
    name="tests.failed",
    work_queue=Queue.SHORT,
    idempotency="lease",
    soft_time_limit=5,
    time_limit=10,
)
def failed(self: ServiceTask, workflow_id: str) -> None:
    """Run when a step has failed for good."""
    log.info(f"failure of {workflow_id}")
