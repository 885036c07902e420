"""What is counted of tasks, beside their runs.

Labels: `task` is the name that messages have, `queue` the one in the queue table.
"""

from prometheus_client import Counter

__all__ = ["DEAD_LETTERS", "DEFERRALS", "DUPLICATES", "LEASES", "MESSAGES", "OTHER", "REVOKED", "SECONDS", "TASK"]

SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
"""The upper bounds of histograms."""

TASK = ("task", "queue")

OTHER = "other"
"""Stands for a name that the service does not know."""

MESSAGES = Counter("celery_tasks_published", "Messages given to the broker, retries and deferrals too.", TASK)
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
