"""What happens to tasks, counted for Prometheus in every process of a service.

`task` is the name that messages have, `queue` the one in the queue table, `reason` the name of an exception's class.
A task's id is never a label, and what a message says is one only where the service knows the name.
"""

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from celery import signals
from prometheus_client import Counter, Histogram

from ..queues import QueueClass
from ..sending import PUBLISHED
from ..service import ServiceApp
from ..signals import dead_letter_stored, task_deferred, task_duplicate, task_lost

__all__ = ["Metrics"]

OTHER = "other"
"""Stands for a name that the service does not know."""

MOST_REASONS = 50
"""Classes of exceptions that one process tells apart; the others are OTHER."""

SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
"""The upper bounds of histograms."""

TASK = ("task", "queue")

PUBLISHED_TASKS = Counter("celery_tasks_published", "Messages given to the broker; retries and deferrals too.", TASK)
STARTED = Counter("celery_tasks_started", "Runs begun; each ends as one of those below, or with its process.", TASK)
SUCCEEDED = Counter("celery_tasks_succeeded", "Runs that returned.", TASK)
RETRIED = Counter("celery_tasks_retried", "Runs that failed, or were lost, and are published again.", TASK)
FAILED = Counter("celery_tasks_failed", "Runs that failed, or were lost, for good.", TASK)
DUPLICATES = Counter("celery_task_duplicates", "Deliveries dropped because their key was done.", TASK)
DEFERRALS = Counter("celery_task_deferrals", "Deliveries put off: a busy key, an open circuit, RetryLater.", TASK)
REVOKED = Counter("celery_tasks_revoked", "Deliveries that expired, or were revoked or terminated.", (*TASK, "reason"))
DEAD_LETTERS = Counter("celery_dead_letters", "Dead letters that this service stored.", (*TASK, "reason"))
QUEUE_SECONDS = Histogram(
    "celery_task_queue_seconds", "From publishing, or the eta, to the begin of a run.", TASK, buckets=SECONDS
)
RUN_SECONDS = Histogram("celery_task_run_seconds", "From the begin of a run to its end.", TASK, buckets=SECONDS)

RUN = "observed_run"
"""The attribute of a request, while its run goes on: its series, and when it began."""


class Series:
    """The children of the metrics for one task in one queue, looked up once."""

    __slots__ = ("deferrals", "duplicates", "ends", "failed", "published", "queue", "retried", "run", "started")

    def __init__(self, task: str, queue: str) -> None:
        self.published = PUBLISHED_TASKS.labels(task, queue)
        self.started = STARTED.labels(task, queue)
        self.retried, self.failed = RETRIED.labels(task, queue), FAILED.labels(task, queue)
        self.ends = {"SUCCESS": SUCCEEDED.labels(task, queue), "RETRY": self.retried, "FAILURE": self.failed}
        self.duplicates, self.deferrals = DUPLICATES.labels(task, queue), DEFERRALS.labels(task, queue)
        self.queue, self.run = QUEUE_SECONDS.labels(task, queue), RUN_SECONDS.labels(task, queue)


class Metrics:
    """Counts what the signals tell of one application (an Observer)."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}
        self._reasons: set[str] = set()

    def install(self, app: ServiceApp) -> None:
        """See Observer."""
        self._app = app
        self._queues = {queue.wire_name: queue.name for queue in app.service.queues}
        for signal, receiver in (
            (signals.after_task_publish, self._published),
            (signals.task_prerun, self._started),
            (signals.task_postrun, self._ended),
            (signals.task_revoked, self._revoked),
            (task_duplicate, self._duplicate),
            (task_deferred, self._deferred),
            (task_lost, self._lost),
            (dead_letter_stored, self._dead_letter),
        ):
            signal.connect(receiver, weak=False)

    # ---- receivers: each is called where it happens, and may cost a few microseconds ----

    def _published(self, sender: str, routing_key: str = "", **_: Any) -> None:
        self._of(sender, routing_key).published.inc()

    def _started(self, task: Any, **_: Any) -> None:
        request = task.request
        series = self._of(task.name, request.delivery_info.get("routing_key"))
        series.started.inc()
        if (waited := _seconds_in_queue(vars(request), time.time())) is not None:
            series.queue.observe(waited)
        setattr(request, RUN, (series, time.perf_counter()))

    def _ended(self, task: Any, state: str, retval: Any, **_: Any) -> None:
        if (run := vars(task.request).pop(RUN, None)) is None:
            return
        series, begun = run
        series.run.observe(time.perf_counter() - begun)
        if state == "REJECTED" and not retval.requeue:
            state = "FAILURE"
        if state in series.ends:
            series.ends[state].inc()

    def _duplicate(self, request: Any, **_: Any) -> None:
        if run := vars(request).pop(RUN, None):
            run[0].duplicates.inc()

    def _deferred(self, request: Any, **_: Any) -> None:
        if run := vars(request).pop(RUN, None):
            run[0].deferrals.inc()

    def _lost(self, sender: Any, request: Any, retried: bool, **_: Any) -> None:
        series = self._of(sender.name, request.delivery_info.get("routing_key"))
        (series.retried if retried else series.failed).inc()

    def _revoked(self, sender: Any, request: Any, terminated: bool, expired: bool, **_: Any) -> None:
        reason = "expired" if expired else "terminated" if terminated else "revoked"
        REVOKED.labels(sender.name, self._queue(request.delivery_info.get("routing_key")), reason).inc()

    def _dead_letter(self, sender: QueueClass, headers: Mapping[str, Any], reason: str, **_: Any) -> None:
        DEAD_LETTERS.labels(self._task(headers.get("task")), sender.name, self._reason(reason)).inc()

    # ---- labels: as many as the service has tasks and queues ----

    def _of(self, task: str, routing_key: object) -> Series:
        queue = self._queue(routing_key)
        if (known := self._series.get((task, queue))) is not None:
            return known
        place = self._task(task), queue
        if place not in self._series:
            self._series[place] = Series(*place)
        return self._series[place]

    def _task(self, name: object) -> str:
        task = self._app.tasks.get(name) if isinstance(name, str) else None
        return task.name if task is not None else OTHER

    def _queue(self, routing_key: object) -> str:
        """A delayed message has its delay before the queue's name, in RabbitMQ's routing key."""
        key = routing_key if isinstance(routing_key, str) else ""
        while key and key not in self._queues:
            key = key.partition(".")[2]
        return self._queues.get(key, OTHER)

    def _reason(self, reason: str) -> str:
        name = reason.partition(":")[0]
        if name not in self._reasons:
            if len(self._reasons) >= MOST_REASONS or not re.fullmatch(r"[A-Za-z_]\w{0,79}", name, re.ASCII):
                return OTHER
            self._reasons.add(name)
        return name


def _seconds_in_queue(request: Mapping[str, Any], now: float) -> float | None:
    """From the publishing of a message, or its eta if that was later; None where it does not say."""
    published = request.get(PUBLISHED)
    if type(published) is not float or not math.isfinite(published):
        return None
    if eta := request.get("eta"):
        moment = datetime.fromisoformat(eta) if isinstance(eta, str) else eta
        published = max(published, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return max(0.0, now - published)
