"""A task that has had other names, and so has its argument."""

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
    former_arguments={"customer": "customer_id", "client": "customer_id"},
    work_queue=Queue.SHORT,
    idempotency="lease",
    soft_time_limit=5,
    time_limit=10,
)
def receipt(self: ServiceTask, folder: str, customer_id: int, *, prefix: str = "") -> None:
    """Leave one line for each run in a file that is called as the customer, after the prefix."""
    note(folder, f"{prefix}{customer_id}")
