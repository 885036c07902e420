"""A task of the tests that calls an unstable dependency through a circuit that is tried again sooner than usual."""

from pathlib import Path

from celery import shared_task

from {{ package }} import breaker
from {{ package }}.queues import Queue
from {{ package }}.task import ServiceTask

from .probe_ends import note

__all__ = ["CIRCUIT", "calls", "dependency"]

CIRCUIT = "tests"

breaker.RESET = 3.0


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.calls",
    work_queue=min(Queue, key=lambda queue: queue.value.longest_run),
    idempotency="natural",
    breaker=CIRCUIT,
    autoretry_for=(ConnectionError,),
    max_retries=3,
    soft_time_limit=5,
    time_limit=10,
)
def calls(self: ServiceTask, folder: str) -> None:
    """Call the dependency."""
    dependency(folder)


def dependency(folder: str) -> None:
    """Note the call; it fails while `folder/down` exists."""
    note(folder, "calls")
    if (Path(folder) / "down").exists():
        raise ConnectionError("it is down")
