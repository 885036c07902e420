"""What is counted of tasks, beside their runs.

Labels: `task` is the name that messages have, `queue` the one in the queue table.
"""

from typing import TYPE_CHECKING

from prometheus_client import Counter

if TYPE_CHECKING:  # which imports this module
    from .run_counts import RunCount

__all__ = ["DEAD_LETTERS", "LEASES", "OTHER", "REVOKED", "SECONDS", "TASK", "Series"]

SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
"""The upper bounds of histograms."""

TASK = ("task", "queue")

OTHER = "other"
"""Stands for a name that the service does not know."""

PUBLISHED = Counter("celery_tasks_published", "Messages given to the broker, retries and deferrals too.", TASK)
DUPLICATES = Counter("celery_task_duplicates", "Deliveries dropped because their key was done.", TASK)
DEFERRALS = Counter("celery_task_deferrals", "Deliveries put off: a key held, a circuit open, RetryLater.", TASK)
REVOKED = Counter(
    "celery_tasks_revoked", "Deliveries that expired, were revoked or terminated (`reason`).", (*TASK, "reason")
)
DEAD_LETTERS = Counter(
    "celery_dead_letters", "Dead letters that the service stored; `reason` is the exception's class.", (*TASK, "reason")
)
LEASES = Counter(
    "celery_lease_renewals", "Tries to renew the lease of an idempotency key: renewed, lost, failed.", ("outcome",)
)


class Series:
    """The counters of one task in one queue, from 0, so that the first event is an increase. Looked up once."""

    def __init__(self, task: str, queue: str, runs: "RunCount") -> None:
        self.runs = runs
        self.published = PUBLISHED.labels(task, queue)
        self.duplicates, self.deferrals = DUPLICATES.labels(task, queue), DEFERRALS.labels(task, queue)

    def publish_ended(self, error: BaseException | None) -> None:
        """Count a message, if the broker has it."""
        if error is None:
            self.published.inc()
