"""A run that takes as long as a test wants."""

import time
from pathlib import Path

from runtime import ServiceTask, shared_task

from ..notes import note
from ..queues import Queue

__all__ = ["holds", "waits"]


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.waits",
    work_queue=Queue.LONG,
    idempotency="natural",
    autoretry_for=(ConnectionError,),
    default_retry_delay=1,
    soft_time_limit=50,
    time_limit=60,
)
def waits(self: ServiceTask, folder: str, name: str, seconds: float, retries: bool = False) -> None:
    """Note the start, wait for `folder/go` but at most `seconds`, then note the end. Once, it may ask for a retry."""
    note(folder, f"{name}.started")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not (Path(folder) / "go").exists():
        time.sleep(0.05)
    if retries and self.request.retries == 0 and not (Path(folder) / f"{name}.asked").exists():
        note(folder, f"{name}.asked")
        raise ConnectionError("try again")
    note(folder, f"{name}.ended")


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.holds",
    work_queue=Queue.LONG,
    idempotency="lease",
    key=("folder",),
    soft_time_limit=50,
    time_limit=60,
)
def holds(self: ServiceTask, folder: str) -> None:
    """Note the start, wait for `folder/go`, and note the end."""
    note(folder, "started")
    while not (Path(folder) / "go").exists():
        time.sleep(0.05)
    note(folder, "ended")
