"""A task that calls an unstable dependency through a circuit, where the service has a Redis that shares it."""

from pathlib import Path
from typing import Any

from runtime import ServiceTask, shared_task
from runtime.service import current_service

from ..notes import note
from ..queues import Queue

__all__ = ["CIRCUIT", "calls", "dependency"]

CIRCUIT = "tests"

BREAKER: Any = {"breaker": CIRCUIT} if current_service().breaker else {}


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.calls",
    work_queue=Queue.SHORT,
    idempotency="natural",
    autoretry_for=(ConnectionError,),
    max_retries=3,
    soft_time_limit=5,
    time_limit=10,
    **BREAKER,
)
def calls(self: ServiceTask, folder: str) -> None:
    """Call the dependency."""
    dependency(folder)


def dependency(folder: str) -> None:
    """Note the call; it fails while `folder/down` exists."""
    note(folder, "calls")
    if (Path(folder) / "down").exists():
        raise ConnectionError("it is down")
