"""The tasks of a generated service that are measured; BENCH_PACKAGE names it.

`python -m benchmarks.throughput.service_tasks` is its worker, with Celery's default prefetch of 4.
"""

import dataclasses
import itertools
import os
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from celery import shared_task

from .turns import take_turns

PACKAGE = os.environ["BENCH_PACKAGE"]


def module(name: str) -> Any:
    """A module of the service."""
    return import_module(f"{PACKAGE}.{name}")


if __name__ == "__main__":
    module("runtime.cli.worker").prepare()
    module("runtime.loading").load(f"{PACKAGE}.app")  # as the command `worker` does: nothing of it is garbage
app = module("app").app
base = module("task").ServiceTask
queue = next(iter(module("queues").Queue))
if folder := os.environ.get("BENCH_TURNS"):
    take_turns(app, Path(folder))
LIMITS: Any = {"base": base, "bind": True, "work_queue": queue, "soft_time_limit": 50, "time_limit": 60}
INSERT = "INSERT INTO bench_effects (number) VALUES (:number)"


@shared_task(name="bench.natural", idempotency="natural", **LIMITS)
def natural(self: Any, number: int) -> None:
    """Delivery alone."""


@shared_task(name="bench.lease", idempotency="lease", **LIMITS)
def lease(self: Any, number: int) -> None:
    """Delivery, claim, completion."""


@shared_task(name="bench.effect", idempotency="natural", **LIMITS)
def effect(self: Any, number: int) -> None:
    """A row in a session of its own, without a key."""
    from sqlalchemy import text
    from sqlalchemy.orm import Session

    with Session(module("runtime.idempotency.sql.database").engine_of(os.environ["BENCH_STORE"])) as session:
        session.execute(text(INSERT), {"number": number})
        session.commit()


@shared_task(name="bench.keyed", idempotency=app.service.store.modes[0], **LIMITS)
def keyed(self: Any, number: int) -> None:
    """The same row, together with its key: `transactional` where the store is SQL."""
    from sqlalchemy import text

    self.session.execute(text(INSERT), {"number": number})


def publish(name: str, how: str, tasks: int) -> None:
    """Publish `tasks` tasks, "one by one" or all "at once"; "for seconds": no more than a worker runs, for so many."""
    task = globals()[name]
    if how == "one by one":
        for number in range(tasks):
            task.delay(number)
    elif how == "for seconds":
        ends = time.monotonic() + tasks
        for number in itertools.count():
            if number % 50 == 0:
                while app.service.broker.queue_figures(app, [queue.value])[0].waiting > 100:
                    time.sleep(0.01)
                if time.monotonic() > ends:
                    return
            task.delay(number)
    elif unconfirmed := module("runtime.publishing").publish_many(
        (task, {"number": number}) for number in range(tasks)
    ):
        raise RuntimeError(f"expected every task to be confirmed, got: {len(unconfirmed)} that were not")


if __name__ == "__main__":
    module("runtime.worker").run(app, [dataclasses.replace(queue.value, prefetch=4, concurrency=2)])
