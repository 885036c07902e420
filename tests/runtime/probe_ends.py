"""Tasks of the tests that end in every way there is. Each leaves a line for each start in `folder/name`."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.exceptions import Reject, SoftTimeLimitExceeded

from {{ package }}.queues import Queue
from {{ package }}.task import ServiceTask

__all__ = ["ENDS", "waits"]

ENDS: dict[str, Any] = {}
"""The tasks that cannot succeed, by name."""


def ending(**options: Any) -> Callable[[Callable[[], None]], None]:
    """Register a task that notes its start and then does what the function does."""

    def register(function: Callable[[], None]) -> None:
        def run(self: ServiceTask, folder: str, name: str) -> None:
            note(folder, name)
            if not (Path(folder) / "mended").exists():
                function()

        task: Any = shared_task
        ENDS[function.__name__] = task(
            base=ServiceTask,
            bind=True,
            name=f"tests.{function.__name__}",
            work_queue=min(Queue, key=lambda queue: queue.value.longest_run),
            idempotency="natural",
            **{"soft_time_limit": 5, "time_limit": 10, "default_retry_delay": 1, **options},
        )(run)

    return register


def note(folder: str, name: str) -> None:
    """Leave a line where a test can count it; the file appears with its first line, since a test waits for it."""
    line, path = f"{os.getpid()}\n", Path(folder) / name
    fresh = path.with_name(f".{name}.{os.getpid()}")
    fresh.write_text(line)
    try:
        os.link(fresh, path)
    except FileExistsError:
        with path.open("a") as file:
            file.write(line)
    finally:
        fresh.unlink()


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


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.waits",
    work_queue=max(Queue, key=lambda queue: queue.value.longest_run),
    idempotency="natural",
    autoretry_for=(ConnectionError,),
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
