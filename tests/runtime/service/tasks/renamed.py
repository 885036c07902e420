"""A task that has had other names."""

from runtime import ServiceTask, shared_task

from ..notes import note
from ..queues import Queue

__all__ = ["ALIASES", "receipt"]

ALIASES = ("tests.invoice", "tests.bill")
"""Its former names."""


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.receipt",
    aliases=ALIASES,
    work_queue=Queue.SHORT,
    idempotency="lease",
    soft_time_limit=5,
    time_limit=10,
)
def receipt(self: ServiceTask, folder: str, customer: int) -> None:
    """Leave one line for each run in `folder/customer`."""
    note(folder, str(customer))
