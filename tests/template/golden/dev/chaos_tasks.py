"""The tasks of `dev.chaos`, one for each mode, and the service's command that knows them.

`python -m dev.chaos_tasks worker` works on them. Half of a task's time lies after its effect.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.canvas import Signature

from myservice.app import app
from myservice.cli import main
from myservice.errors import PublishError
from myservice.idempotency import MODES, Mode
from myservice.publishing import publish_many
from myservice.queues import Queue
from myservice.settings import settings
from myservice.task import ServiceTask

from .chaos_effects import count, note

__all__ = ["publish"]

HALF = 0.02
"""Seconds before the effect, and after it."""

BATCH = 20
"""Messages that are published before the next pause."""

AHEAD = 40
"""Messages that may wait: what is published is published under attack."""

PAUSE = 0.1
LONGEST_PAUSE = 1.0
"""Seconds until the next try, when the broker did not take everything, and until the next batch."""


def task_of(mode: Mode) -> Any:
    """A task whose effect is a line that says which number had it, and in which process."""

    def run(self: ServiceTask, number: int, folder: str) -> None:
        time.sleep(HALF)
        note(self, mode, Path(folder), f"{number} {os.getpid()}")
        time.sleep(HALF)

    task: Any = shared_task
    return task(
        base=ServiceTask,
        bind=True,
        name=f"dev.chaos_{mode}",
        work_queue=next(iter(Queue)),
        idempotency=mode,
        soft_time_limit=5,
        time_limit=10,
        max_retries=None,  # it is not the task that kills its process
        default_retry_delay=1,
    )(run)


TASKS = {mode: task_of(mode) for mode in MODES}


def publish(folder: str, modes: list[Mode], tasks: int) -> None:
    """Publish tasks 0, 1, 2... of each mode, each until the broker has it, and not far ahead of the workers."""
    run = Path(folder).name  # a store that is used again knows the ids of earlier runs
    numbered = (
        TASKS[mode].signature((number, folder), task_id=f"{run}-{mode}-{number}")
        for number in range(tasks)
        for mode in modes
    )
    published, pipelined = 0, False
    while left := list(islice(numbered, BATCH)):
        published += len(left)
        while left:
            left = [each.signature for each in publish_many(left)] if pipelined else list(one_by_one(left))
            time.sleep(PAUSE if left else 0)
        pipelined = not pipelined
        deadline = time.monotonic() + LONGEST_PAUSE
        while published - effects(folder, modes) > AHEAD and time.monotonic() < deadline:
            time.sleep(PAUSE)


def effects(folder: str, modes: list[Mode]) -> int:
    """How many effects there are."""
    where = settings().require("idempotency_url")
    return sum(count(where, mode, Path(folder)) for mode in modes)


def one_by_one(signatures: Iterable[Signature]) -> Iterator[Signature]:
    """Publish each as `.delay()` does; those that the broker did not take."""
    for signature in signatures:
        try:
            signature.apply_async()
        except PublishError as error:
            print(error, file=sys.stderr)
            yield signature


app.conf.worker_concurrency = 2

if __name__ == "__main__":
    main()
