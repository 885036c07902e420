"""What is counted of tasks. Labels: `task` is the name that messages have, `queue` the one in the queue table."""

from functools import cached_property

from prometheus_client import Counter, Histogram

__all__ = ["DEAD_LETTERS", "LEASES", "REVOKED", "SECONDS", "Series"]

SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
"""The upper bounds of histograms."""

TASK = ("task", "queue")

PUBLISHED = Counter("celery_tasks_published", "Messages given to the broker, retries and deferrals too.", TASK)
STARTED = Counter("celery_tasks_started", "Runs begun; each ends as one of the next five, or comes again.", TASK)
SUCCEEDED = Counter("celery_tasks_succeeded", "Runs that returned.", TASK)
RETRIED = Counter("celery_tasks_retried", "Runs that failed, or were lost, and are published again.", TASK)
FAILED = Counter("celery_tasks_failed", "Runs that failed, or were lost, for good.", TASK)
DUPLICATES = Counter("celery_task_duplicates", "Deliveries dropped because their key was done.", TASK)
DEFERRALS = Counter("celery_task_deferrals", "Deliveries put off: a key held, a circuit open, RetryLater.", TASK)
REVOKED = Counter(
    "celery_tasks_revoked", "Deliveries that expired, were revoked or terminated (`reason`).", (*TASK, "reason")
)
DEAD_LETTERS = Counter(
    "celery_dead_letters", "Dead letters that the service stored; `reason` is the exception's class.", (*TASK, "reason")
)
QUEUE_SECONDS = Histogram(
    "celery_task_queue_seconds", "From publishing, or from the eta, to the begin of the run.", TASK, buckets=SECONDS
)
RUN_SECONDS = Histogram("celery_task_run_seconds", "From the begin of a run to its end.", TASK, buckets=SECONDS)
LEASES = Counter(
    "celery_lease_renewals", "Tries to renew the lease of an idempotency key: renewed, lost, failed.", ("outcome",)
)


class Series:
    """The counters of one task in one queue, from 0, so that the first event is an increase. Looked up once."""

    def __init__(self, task: str, queue: str) -> None:
        self.labels = task, queue
        self.published, self.started = PUBLISHED.labels(task, queue), STARTED.labels(task, queue)
        self.retried, self.failed = RETRIED.labels(task, queue), FAILED.labels(task, queue)
        self.duplicates, self.deferrals = DUPLICATES.labels(task, queue), DEFERRALS.labels(task, queue)
        self.ends = {"SUCCESS": SUCCEEDED.labels(task, queue), "RETRY": self.retried, "FAILURE": self.failed}
        """By Celery's state."""

    @cached_property
    def queue_seconds(self) -> Histogram:
        """Not before the first run: it has a series for each bound."""
        return QUEUE_SECONDS.labels(*self.labels)

    @cached_property
    def run_seconds(self) -> Histogram:
        """Likewise."""
        return RUN_SECONDS.labels(*self.labels)
