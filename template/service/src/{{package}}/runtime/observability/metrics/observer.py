"""Counts what Celery's signals, and those of the module `signals`, tell of tasks.

A task's id is never a label, and what a message says is one only where the service knows the name.
"""

import math
import os
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from celery import signals
from prometheus_client import REGISTRY, disable_created_metrics, values

from ...errors import ConfigurationError
from ...idempotency.renewal import renewal
from ...queues import QueueClass, queue_of
from ...sending import PUBLISHED
from ...service import ServiceApp
from ...settings import NAME
from ...signals import dead_letter_stored, task_deferred, task_duplicate, task_lost
from ...task import service_tasks
from ..multiprocess import VARIABLE
from .counters import DEAD_LETTERS, LEASES, REVOKED, Series
from .server import serve
from .worker import WorkerCollector, worker_registry

__all__ = ["Metrics", "seconds_in_queue"]

OTHER = "other"
"""Stands for a name that the service does not know."""

MOST_REASONS = 50
"""Classes of exceptions that one process tells apart; the others are OTHER."""

RUN = "observed_run"
"""The attribute of a request, while its run goes on: its series, and when it began."""


class Metrics:
    """Counts what happens to the tasks of one application (an Observer)."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}
        self._reasons: set[str] = set()

    def install(self, app: ServiceApp) -> None:
        """See Observer."""
        self._app = app
        self._queues = {queue.wire_name: queue.name for queue in app.service.queues}
        app.before_work.append(self._serve)
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

    def _serve(self, command: str) -> None:
        """Let Prometheus scrape the process of a command."""
        if command == "beat":
            schedule: Any = import_module(".beat", __package__).ScheduleCollector(self._app)
            signals.beat_init.connect(schedule.watch, weak=False)
            signals.after_task_publish.connect(schedule.published, weak=False)
            REGISTRY.register(schedule)
        if command != "worker":
            disable_created_metrics()  # type: ignore[no-untyped-call]  # they are a second series for each
            serve(REGISTRY)
            return
        chosen: Any = values.ValueClass
        if not chosen._multiprocess:
            raise ConfigurationError(
                f"expected prometheus_client to be imported after {NAME} worker has set {VARIABLE}, got: an import "
                f"before that; start the worker with {NAME} worker, and import nothing of it in sitecustomize"
            )
        collector = WorkerCollector()
        signals.celeryd_after_setup.connect(collector.watch, weak=False)
        if serve(worker_registry(collector, Path(os.environ[VARIABLE]))):
            signals.celeryd_after_setup.connect(self._begin_at_zero, weak=False)
        renewals = {outcome: LEASES.labels(outcome) for outcome in ("renewed", "lost", "failed")}
        renewal.listeners.append(lambda outcome: renewals[outcome].inc())

    def _begin_at_zero(self, **_: Any) -> None:
        for task in service_tasks(self._app):
            queue: QueueClass = task.work_queue.value  # type: ignore[union-attr]  # checked at start-up
            if queue.wire_name in self._app.amqp.queues.consume_from:
                self._of(task.name, queue.wire_name)

    # ---- receivers: each is called where it happens, and may cost a few microseconds ----

    def _published(self, sender: str, routing_key: str = "", **_: Any) -> None:
        self._of(sender, routing_key).published.inc()

    def _started(self, task: Any, **_: Any) -> None:
        request = task.request
        series = self._of(task.name, request.delivery_info.get("routing_key"))
        series.started.inc()
        if (waited := seconds_in_queue(vars(request), time.time())) is not None:
            series.queue_seconds.observe(waited)
        setattr(request, RUN, (series, time.perf_counter()))

    def _ended(self, task: Any, state: str, retval: Any, **_: Any) -> None:
        if (run := vars(task.request).pop(RUN, None)) is None:
            return
        series, begun = run
        series.run_seconds.observe(time.perf_counter() - begun)
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
        if isinstance(routing_key, str) and (name := self._queues.get(routing_key)):
            return name
        found = queue_of(self._app.service.queues, routing_key)
        return found.name if found else OTHER

    def _reason(self, reason: str) -> str:
        name = reason.partition(":")[0]
        if name not in self._reasons:
            if len(self._reasons) >= MOST_REASONS or not re.fullmatch(r"[A-Za-z_]\w{0,79}", name, re.ASCII):
                return OTHER
            self._reasons.add(name)
        return name


def seconds_in_queue(request: Mapping[str, Any], now: float) -> float | None:
    """From the publishing of a message, or its eta if that was later; None where it does not say."""
    published = request.get(PUBLISHED)
    if type(published) is not float or not math.isfinite(published):
        return None
    if eta := request.get("eta"):
        moment = datetime.fromisoformat(eta) if isinstance(eta, str) else eta
        published = max(published, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return max(0.0, now - published)
