"""A task of an owner: copied into the services of both releases, as an owner's file stays when the runtime is replaced.

It leaves lines in a file, "order event release", outside of broker and store.
"""

import os
import time

from celery import shared_task
from shop.queues import Queue  # type: ignore[import-not-found]  # the service that this file is copied into
from shop.task import ServiceTask  # type: ignore[import-not-found]  # the same

RELEASE = os.environ["ROLLING_RELEASE"]
EFFECTS = os.environ["ROLLING_EFFECTS"]
SQL = os.environ["SHOP_IDEMPOTENCY_URL"].startswith(("postgresql", "sqlite"))


@shared_task(
    base=ServiceTask,
    bind=True,
    work_queue=Queue.DEFAULT,
    idempotency="transactional" if SQL else "lease",
    key=("order",),
    soft_time_limit=100,
    time_limit=120,
)
def record_order(self: ServiceTask, order: str, fail_in: str = "", stall_in: str = "") -> None:
    """Leave a line, except in the releases that are named."""
    leave(f"{order} begun {RELEASE}")
    if fail_in == RELEASE:
        raise ValueError("it cannot work in this release")
    if stall_in == RELEASE:
        time.sleep(90)
    leave(f"{order} done {RELEASE}")


def leave(line: str) -> None:
    """Append, in one write."""
    with open(EFFECTS, "a") as effects:
        effects.write(f"{line}\n")
