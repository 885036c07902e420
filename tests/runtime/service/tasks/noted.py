"""Tasks that note the mark of their message, whatever else it brings: for messages that are odd."""

import os
from pathlib import Path
from typing import Any

from runtime import ServiceTask, shared_task
from runtime.service import current_service

from ..notes import NOTES
from ..queues import Queue

__all__ = ["kept", "noted", "noted_once", "retried"]

LIMITS: Any = {"work_queue": Queue.SHORT, "soft_time_limit": 5, "time_limit": 10}
STORED: Any = {**LIMITS, "idempotency": current_service().store.modes[0]}


@shared_task(base=ServiceTask, bind=True, name="tests.noted", idempotency="natural", **LIMITS)
def noted(self: ServiceTask, mark: str, folder: str, value: list[Any] | dict[str, Any] | str | None = None) -> None:
    """Note the mark."""
    note(mark, folder)


@shared_task(base=ServiceTask, bind=True, name="tests.noted_once", **STORED)
def noted_once(self: ServiceTask, mark: str, folder: str) -> None:
    """Note the mark; a repeat is dropped."""
    note(mark, folder)


@shared_task(base=ServiceTask, bind=True, name="tests.kept", keep_result="a test needs it", **STORED)
def kept(self: ServiceTask, mark: str, folder: str) -> str:
    """Note the mark, and keep it as the result."""
    note(mark, folder)
    return mark


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.retried",
    idempotency="natural",
    autoretry_for=(ConnectionError,),
    default_retry_delay=1,
    retry_backoff=False,
    **LIMITS,
)
def retried(self: ServiceTask, mark: str, folder: str) -> None:
    """Note the mark at the second attempt."""
    if self.request.retries == 0:
        raise ConnectionError("try again")
    note(mark, folder)


def note(mark: str, folder: str) -> None:
    """Add one line, in one write."""
    with os.fdopen(os.open(Path(folder) / NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "a") as file:
        file.write(f"{mark}\n")
