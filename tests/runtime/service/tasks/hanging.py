"""Runs that leave their process or thread unable to work."""

import os
import sys
import time

from runtime import ServiceTask, shared_task

from ..queues import Queue

__all__ = ["hangs", "reads_nowhere"]


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.hangs",
    work_queue=Queue.LONG,
    idempotency="natural",
    soft_time_limit=1,
    time_limit=2,
)
def hangs(self: ServiceTask, seconds: float) -> None:
    """Wait, beyond the limits where nobody enforces them."""
    time.sleep(seconds)


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.reads_nowhere",
    work_queue=Queue.LONG,
    idempotency="natural",
    soft_time_limit=10,
    time_limit=20,
)
def reads_nowhere(self: ServiceTask) -> None:
    """Let this process of the pool read its next tasks from where none will ever come."""
    frame = sys._getframe()
    while frame.f_code.co_name != "workloop":
        assert frame.f_back is not None
        frame = frame.f_back
    nowhere, _ = os.pipe()
    os.dup2(nowhere, frame.f_locals["self"].inq._reader.fileno())
    time.sleep(1)  # meanwhile the other processes get theirs
