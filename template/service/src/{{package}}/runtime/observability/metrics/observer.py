"""Counts the runs and the publishes of tasks, and what signals tell of them.

A task's id is never a label, and what a message says is one only where the service knows the name.
"""

import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Any

from celery import signals
from celery.exceptions import Reject
from celery.states import FAILURE, RETRY
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
from .counters import DEAD_LETTERS, DEFERRALS, DUPLICATES, LEASES, MESSAGES, OTHER, REVOKED
from .run_counts import RunCount, RunCounts
from .server import serve
from .worker import WorkerCollector, worker_registry

__all__ = ["Metrics", "seconds_in_queue"]

MOST_REASONS = 50
"""Classes of exceptions that one process tells apart; the others are OTHER."""

PUT_OFF = "counted_already"
"""The attribute of the request of a run that was no end of its task: a duplicate, or a deferral."""


class Series:
    """The counters of one task in one queue, from 0, so that the first event is an increase. Looked up once."""

    def __init__(self, task: str, queue: str, runs: RunCount) -> None:
        self.runs = runs
        self.published = MESSAGES.labels(task, queue)
        self.duplicates, self.deferrals = DUPLICATES.labels(task, queue), DEFERRALS.labels(task, queue)

    def publish_ended(self, error: BaseException | None) -> None:
        """Count a message, if the broker has it."""
        if error is None:
            self.published.inc()


class Metrics:
    """Counts what happens to the tasks of one application (an Observer)."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}
        self._known: dict[tuple[str, object], Series] = {}
        self._reasons: set[str] = set()

    def install(self, app: ServiceApp) -> None:
        """See Observer."""
        self._app = app
        self._queues = {queue.wire_name: queue.name for queue in app.service.queues}
        app.before_work.append(self._serve)
        app.run_observers += (self._begin_run,)
        app.publish_observers += (self._begin_publish,)
        for signal, receiver in (
            (signals.task_revoked, self._revoked),
            (task_duplicate, self._duplicate),
            (task_deferred, self._deferred),
            (task_lost, self._lost),
            (dead_letter_stored, self._dead_letter),
        ):
            signal.connect(receiver, weak=False)

    @cached_property
    def _runs(self) -> RunCounts:
        """Made when it is needed, which in a worker is before it forks: the tasks are known then."""
        tasks, queues = {task.name for task in self._app.tasks.values()}, self._queues.values()
        made = RunCounts([(task, queue) for task in [OTHER, *sorted(tasks)] for queue in [OTHER, *queues]])
        REGISTRY.register(made)
        return made

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
        registry = worker_registry(collector, Path(os.environ[VARIABLE]))
        registry.register(self._runs)
        if serve(registry):
            signals.celeryd_after_setup.connect(self._begin_at_zero, weak=False)
        renewals = {outcome: LEASES.labels(outcome) for outcome in ("renewed", "lost", "failed")}
        renewal.listeners.append(lambda outcome: renewals[outcome].inc())

    def _begin_at_zero(self, **_: Any) -> None:
        for task in service_tasks(self._app):
            queue: QueueClass = task.work_queue.value  # type: ignore[union-attr]  # checked at start-up
            if queue.wire_name in self._app.amqp.queues.consume_from:
                self._of(task.name, queue.wire_name)

    # ---- each is called where it happens, and may cost a few microseconds ----

    def _begin_publish(self, name: str, options: Mapping[str, Any]) -> Callable[[BaseException | None], None]:
        queue = options.get("queue") or options.get("routing_key")
        return self._of(name, getattr(queue, "name", queue)).publish_ended

    def _begin_run(self, task: Any, request: Any) -> Callable[[str, BaseException | None], None]:
        about, runs = vars(request), self._of(task.name, request.delivery_info.get("routing_key")).runs
        runs.begun(seconds_in_queue(about, time.time()))
        return partial(self._end_run, runs, about, time.perf_counter())

    def _end_run(
        self, runs: RunCount, request: Mapping[str, Any], begun: float, state: str, error: BaseException | None
    ) -> None:
        if PUT_OFF in request:
            return
        if isinstance(error, Reject) and not getattr(error, "requeue", False):
            state = FAILURE
        runs.ended(state, time.perf_counter() - begun)

    def _duplicate(self, sender: Any, request: Any, **_: Any) -> None:
        setattr(request, PUT_OFF, True)
        self._of(sender.name, request.delivery_info.get("routing_key")).duplicates.inc()

    def _deferred(self, sender: Any, request: Any, **_: Any) -> None:
        setattr(request, PUT_OFF, True)
        self._of(sender.name, request.delivery_info.get("routing_key")).deferrals.inc()

    def _lost(self, sender: Any, request: Any, retried: bool, **_: Any) -> None:
        series = self._of(sender.name, request.delivery_info.get("routing_key"))
        series.runs.ended(RETRY if retried else FAILURE)

    def _revoked(self, sender: Any, request: Any, terminated: bool, expired: bool, **_: Any) -> None:
        reason = "expired" if expired else "terminated" if terminated else "revoked"
        REVOKED.labels(sender.name, self._queue(request.delivery_info.get("routing_key")), reason).inc()

    def _dead_letter(self, sender: QueueClass, headers: Mapping[str, Any], reason: str, **_: Any) -> None:
        DEAD_LETTERS.labels(self._task(headers.get("task")), sender.name, self._reason(reason)).inc()

    # ---- labels: as many as the service has tasks and queues ----

    def _of(self, task: str, routing_key: object) -> Series:
        """routing_key: None for a message that goes where the task's messages go."""
        return self._known.get((task, routing_key)) or self._look_up(task, routing_key)

    def _look_up(self, task: str, routing_key: object) -> Series:
        wire_name = routing_key
        if routing_key is None:
            queue = getattr(self._app.tasks.get(task), "work_queue", None)
            wire_name = queue.value.wire_name if queue else self._app.conf.task_default_queue
        place = self._task(task), self._queue(wire_name)
        if place not in self._series:
            self._runs.shown.add(place)
            self._series[place] = Series(*place, self._runs.of(place))
        if task in self._app.tasks and (routing_key is None or routing_key in self._queues):  # no more than these
            self._known[task, routing_key] = self._series[place]
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
    if type(published) is not float or not 0 < published < inf:
        return None
    if eta := request.get("eta"):
        moment = datetime.fromisoformat(eta) if isinstance(eta, str) else eta
        published = max(published, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return max(0.0, now - published)
