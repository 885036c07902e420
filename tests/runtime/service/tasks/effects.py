"""An effect that a test can count, one that is due every second or as RUNTIME_TICK says, and a failure."""

import os
from pathlib import Path

from runtime import ServiceTask, shared_task
from runtime.service import current_service

from ..queues import Queue

__all__ = ["effect", "failure", "tick"]

MODE = current_service().store.modes[0]


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.effect",
    work_queue=Queue.SHORT,
    idempotency=MODE,
    key=("name",),
    soft_time_limit=5,
    time_limit=10,
)
def effect(self: ServiceTask, name: str, folder: str) -> None:
    """Leave one line for each run in `folder/name`."""
    with (Path(folder) / name).open("a") as file:
        file.write(f"{self.request.id}\n")


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.failure",
    work_queue=Queue.SHORT,
    idempotency=MODE,
    soft_time_limit=5,
    time_limit=10,
)
def failure(self: ServiceTask) -> None:
    """Fail for good."""
    raise ValueError("it cannot work")


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.tick",
    work_queue=Queue.SHORT,
    idempotency=MODE,
    every=os.environ.get("RUNTIME_TICK", "1s"),
    soft_time_limit=5,
    time_limit=10,
)
def tick(self: ServiceTask) -> None:
    """Run; the worker's log says so."""
