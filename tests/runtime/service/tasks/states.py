"""A run in the store's first mode that ends as a test wants."""

import time

from runtime import ServiceTask, shared_task
from runtime.service import current_service

from ..queues import Queue

__all__ = ["ends"]


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.ends",
    work_queue=Queue.SHORT,
    idempotency=current_service().store.modes[0],
    autoretry_for=(ConnectionError,),
    retry_backoff=False,
    default_retry_delay=1,
    max_retries=1,
    soft_time_limit=5,
    time_limit=10,
)
def ends(self: ServiceTask, how: str) -> None:
    """Take a moment, then be done, fail, or ask for one retry."""
    time.sleep(0.3)
    if how == "fails":
        raise ValueError("it cannot work")
    if how == "retries" and not self.request.retries:
        raise ConnectionError("try again")
