"""Tasks that cannot succeed, each in its own way. Each leaves a line for each start in `folder/name`."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.exceptions import Reject, SoftTimeLimitExceeded

from runtime import ServiceTask, shared_task

from ..notes import note
from ..queues import Queue

__all__ = ["ENDINGS"]

ENDINGS: dict[str, Any] = {}
"""The tasks by name."""


def ending(**options: Any) -> Callable[[Callable[[], None]], None]:
    """Register a task that notes its start and then does what the function does, unless `folder/fixed` exists."""

    def register(function: Callable[[], None]) -> None:
        def run(self: ServiceTask, folder: str, name: str) -> None:
            note(folder, name)
            if not (Path(folder) / "fixed").exists():
                function()

        task: Any = shared_task
        ENDINGS[function.__name__] = task(
            base=ServiceTask,
            bind=True,
            name=f"tests.{function.__name__}",
            work_queue=Queue.SHORT,
            idempotency="natural",
            **{"soft_time_limit": 5, "time_limit": 10, "default_retry_delay": 1, **options},
        )(run)

    return register


@ending()
def fails() -> None:
    """An error that is not worth a retry."""
    raise ValueError("it cannot work")


@ending(autoretry_for=(ConnectionError,), max_retries=1)
def exhausts_its_retries() -> None:
    """A transient error that stays."""
    raise ConnectionError("still away")


@ending(soft_time_limit=1, time_limit=2)
def overruns() -> None:
    """A run that the soft limit does not stop."""
    with suppress(SoftTimeLimitExceeded):
        time.sleep(60)
    time.sleep(60)


@ending(max_retries=1)
def kills_its_process() -> None:
    """What the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


@ending()
def runs_out_of_memory() -> None:
    """What Python does when memory runs out."""
    raise MemoryError("too large")


@ending()
def rejects() -> None:
    """A message that the task itself refuses."""
    raise Reject("no, thank you", requeue=False)


@ending()
def kills_the_worker() -> None:
    """The worst poison: it takes the main process with it, and its siblings."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)
