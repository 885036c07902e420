"""An effect that commits together with its key, and the tests' way to count it."""

import time
from collections import Counter
from typing import Any

from celery import shared_task
from sqlalchemy import text

from {{ package }}.database import engine_of
from {{ package }}.queues import Queue
from {{ package }}.task import ServiceTask

__all__ = ["WINDOW", "counts", "happens", "prepare"]

WINDOW = 0
"""Effects that a killed worker may repeat."""


def prepare(url: str) -> None:
    """Create the table."""
    with engine_of(url).begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS tests_effects (name TEXT, number INTEGER)"))


def counts(url: str, name: str) -> dict[Any, int]:
    """How often each effect happened."""
    with engine_of(url).connect() as connection:
        return Counter(
            connection.scalars(text("SELECT number FROM tests_effects WHERE name = :name"), {"name": name}).all()
        )


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.happens",
    work_queue=next(iter(Queue)),
    idempotency="transactional",
    key=("name", "number"),
    soft_time_limit=5,
    time_limit=10,
)
def happens(self: ServiceTask, name: str, number: int) -> None:
    """Be there once, and take a while."""
    self.session.execute(text("INSERT INTO tests_effects VALUES (:name, :number)"), {"name": name, "number": number})
    time.sleep(0.05)
