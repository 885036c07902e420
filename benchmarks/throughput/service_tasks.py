"""The tasks of a generated service that are measured; BENCH_PACKAGE names it.

`python -m benchmarks.throughput.service_tasks` is its worker, with Celery's default prefetch of 4.
"""

import dataclasses
import os
from importlib import import_module
from typing import Any

from celery import shared_task

PACKAGE = os.environ["BENCH_PACKAGE"]


def room(name: str) -> Any:
    """A module of the service."""
    return import_module(f"{PACKAGE}.{name}")


app = room("app").app
base = room("task").ServiceTask
queue = next(iter(room("queues").Queue))
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

    with Session(room("database").engine_of(os.environ["BENCH_STORE"])) as session:
        session.execute(text(INSERT), {"number": number})
        session.commit()


@shared_task(name="bench.keyed", idempotency=room("idempotency").MODES[0], **LIMITS)
def keyed(self: Any, number: int) -> None:
    """The same row, together with its key: `transactional` where the store is SQL."""
    from sqlalchemy import text

    self.session.execute(text(INSERT), {"number": number})


def publish(name: str, tasks: int, at_once: bool) -> None:
    """Publish `tasks` tasks, one by one or all at once."""
    task = globals()[name]
    if not at_once:
        for number in range(tasks):
            task.delay(number)
    elif unconfirmed := room("publishing").publish_many((task, {"number": number}) for number in range(tasks)):
        raise RuntimeError(f"expected every task to be confirmed, got: {len(unconfirmed)} that were not")


if __name__ == "__main__":
    room("worker").run([dataclasses.replace(queue.value, prefetch=4, concurrency=2)])
