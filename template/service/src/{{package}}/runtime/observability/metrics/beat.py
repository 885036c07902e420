"""What a beat tells Prometheus of its schedule: when each task is due next, and how late it was published."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prometheus_client import Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ...schedule import next_slot, parse_every
from ...service import ServiceApp
from ...task import service_tasks
from .counters import SECONDS

__all__ = ["ScheduleCollector"]

LATENESS = Histogram(
    "celery_schedule_lateness_seconds", "From the time that a run was due to its publishing.", ["task"], buckets=SECONDS
)


class ScheduleCollector(Collector):
    """The schedule as this beat keeps it; nothing while another one does."""

    def __init__(self, app: ServiceApp) -> None:
        self._every = {task.name: parse_every(task.every) for task in service_tasks(app) if task.every}
        self._scheduler: Any = None
        self._since = datetime.now(UTC)
        self._published: dict[str, datetime] = {}
        for name in self._every:
            LATENESS.labels(name)

    def watch(self, sender: Any, **_: Any) -> None:
        """Be told Celery's beat (signal `beat_init`)."""
        self._scheduler = sender.scheduler

    def published(self, sender: str, headers: Any, **_: Any) -> None:
        """Be told that a task was published (signal `after_task_publish`); the id of a scheduled run names its slot."""
        name, _at, slot = str(headers.get("id")).rpartition("@")
        if name == sender and sender in self._every:
            due = self._published[sender] = datetime.fromisoformat(slot)
            LATENESS.labels(sender).observe(max(0.0, (datetime.now(UTC) - due).total_seconds()))

    def describe(self) -> Iterator[Metric]:
        """Nothing: to be registered is not to be asked."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        due = GaugeMetricFamily(
            "celery_schedule_due_timestamp_seconds", "When the task is to be published next.", labels=["task"]
        )
        if self._scheduler is None or not self._scheduler.leads:
            self._since = datetime.now(UTC)
            self._published.clear()
        else:
            for name, every in self._every.items():
                due.add_metric([name], next_slot(every, self._published.get(name, self._since)).timestamp())
        yield due
