"""Tasks of the harness, one for each mode of the store, and the service's command that knows them.

`python -m <package>.runtime.testing.tasks worker` works on them, `publish FOLDER MODES TASKS` publishes them. Half of a
task's time lies after its effect.
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery import shared_task
from celery.canvas import Signature

from ..cli import main
from ..cli.worker import prepare
from ..errors import PublishError
from ..idempotency import Mode
from ..publishing import publish_many
from ..settings import settings
from ..task import ServiceTask
from .app import app_module, load_app
from .processes import WORKER_PROCESSES
from .stores import store_module

__all__ = ["effects_of", "publish"]

HALF = 0.02
"""Seconds before the effect, and after it."""

BATCH = 20
"""Messages that are published before the next pause."""

AHEAD = 40
"""Messages that may wait: what is published is published under attack."""

PAUSE = 0.1
LONGEST_PAUSE = 1.0
"""Seconds until the next try, when the broker did not take everything, and until the next batch."""


if __name__ == "__main__" and sys.argv[1:2] == ["worker"]:
    prepare()
app = load_app()


def effects_of(mode: str, folder: Path) -> Any:
    """The effects of the tasks of this mode that were published with `folder`."""
    url = settings().require("idempotency_url")
    return store_module(url).Effects(url, mode, folder)


def task_of(mode: Mode) -> Any:
    """A task whose effect is a line that says which number had it, and in which process."""

    def run(self: ServiceTask, number: int, folder: str) -> None:
        time.sleep(HALF)
        effects_of(mode, Path(folder)).add(self, f"{number} {os.getpid()}")
        time.sleep(HALF)

    task: Any = shared_task
    return task(
        base=ServiceTask,
        bind=True,
        name=f"testing.{mode.replace('-', '_')}",
        work_queue=next(iter(app.service.table)),
        idempotency=mode,
        soft_time_limit=5,
        time_limit=10,
        max_retries=None,  # it is not the task that kills its process
        default_retry_delay=1,
    )(run)


TASKS = {mode: task_of(mode) for mode in app.service.store.modes}


def publish(folder: str, modes: list[Mode], tasks: int) -> None:
    """Publish tasks 0, 1, 2... of each mode, each until the broker has it, and not far ahead of the workers."""
    run = uuid4().hex  # a store that is used again knows the ids of earlier runs
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
    return sum(effects_of(mode, Path(folder)).count() for mode in modes)


def one_by_one(signatures: Iterable[Signature]) -> Iterator[Signature]:
    """Publish each as `.delay()` does; those that the broker did not take."""
    for signature in signatures:
        try:
            signature.apply_async()
        except PublishError as error:
            print(error, file=sys.stderr)
            yield signature


if __name__ == "__main__":
    app.conf.worker_concurrency = WORKER_PROCESSES
    if sys.argv[1] == "publish":
        publish(sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]))
    else:
        main(app_module())
