"""What is counted, and that nothing which a message says makes a label."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import signals
from celery.app.task import Context
from prometheus_client import REGISTRY

from runtime import signals as own_signals
from runtime.observability.metrics import Metrics
from runtime.observability.metrics.counters import OTHER
from runtime.observability.metrics.observer import MOST_REASONS, seconds_in_queue
from runtime.testing import InProcessService

from .service.app import app
from .service.queues import Queue
from .service.tasks.effects import effect, failure
from .service.tasks.endings import ENDINGS

OBSERVED = [
    signals.task_revoked,
    *(getattr(own_signals, name) for name in own_signals.__all__),
]


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    """Counts in this process, until the test ends."""
    before = [list(signal.receivers) for signal in OBSERVED]
    runs, publishes = app.run_observers, app.publish_observers
    made = Metrics()
    made.install(app)
    yield made
    app.run_observers, app.publish_observers = runs, publishes
    REGISTRY.unregister(made._runs)
    for signal, receivers in zip(OBSERVED, before, strict=True):
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


class Change:
    """How much a sample has grown since this was made."""

    def __init__(self) -> None:
        self._before = self._samples()

    def __call__(self, name: str, **labels: str) -> float:
        key = name, tuple(sorted(labels.items()))
        return self._samples().get(key, 0.0) - self._before.get(key, 0.0)

    def labels(self, name: str) -> set[tuple[tuple[str, str], ...]]:
        """All labels that the samples of this name have."""
        return {labels for sample, labels in self._samples() if sample == name}

    def _samples(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
        }


def test_each_end_of_a_run_is_counted_once(metrics: Metrics, service: InProcessService, tmp_path: Any) -> None:
    change = Change()
    for _ in range(2):
        service.deliver(effect, "one", str(tmp_path))
    service.deliver(failure)
    service.deliver(ENDINGS["exhausts_its_retries"], str(tmp_path), "two")
    labels = {"task": "tests.effect", "queue": "short"}
    found = {
        name: change(f"celery_{name}_total", **labels)
        for name in ("tasks_published", "tasks_started", "tasks_succeeded", "tasks_failed", "task_duplicates")
    }
    assert found == {
        "tasks_published": 2,
        "tasks_started": 2,
        "tasks_succeeded": 1,
        "tasks_failed": 0,
        "task_duplicates": 1,
    }
    assert change("celery_task_run_seconds_count", **labels) == 1
    assert change("celery_task_queue_seconds_count", **labels) == 2
    labels["task"] = "tests.failure"
    assert change("celery_tasks_failed_total", **labels) == 1
    assert change("celery_dead_letters_total", **labels, reason="ValueError") == 1
    labels["task"] = "tests.exhausts_its_retries"
    assert change("celery_tasks_retried_total", **labels) == 1
    assert change("celery_tasks_published_total", **labels) == 2


def test_what_messages_say_makes_no_label(metrics: Metrics) -> None:
    change = Change()
    for number in range(200):
        for task in (f"tests.unknown_{number}", ["tests", number], None, 'tests."\n', number):
            own_signals.dead_letter_stored.send(Queue.SHORT.value, headers={"task": task}, reason=f"E{number}: no")
        own_signals.dead_letter_stored.send(Queue.SHORT.value, headers={}, reason=f"{number} }} \n no class")
        for routing_key in f"elsewhere.{number}", Queue.SHORT.value.wire_name:
            published(metrics, f"tests.unknown_{number}", routing_key)
    dead = {dict(labels)["reason"] for labels in change.labels("celery_dead_letters_total")}
    assert len(dead) <= MOST_REASONS + 1 + 10  # and those of other tests in this process
    assert change("celery_dead_letters_total", task=OTHER, queue="short", reason="E1") == 5
    assert change("celery_dead_letters_total", task=OTHER, queue="short", reason=OTHER) == 200 + 5 * 150
    assert change("celery_tasks_published_total", task=OTHER, queue=OTHER) == 200
    known = {task.name for task in app.tasks.values()} | {OTHER}
    for name in ("celery_dead_letters_total", "celery_tasks_published_total", "celery_tasks_started_total"):
        assert {dict(labels)["task"] for labels in change.labels(name)} <= known
    assert len(metrics._series) <= len(known) * (len(Queue) + 1)
    assert len(metrics._known) <= len(known) * len(Queue)


def test_a_delayed_message_of_rabbitmq_is_its_queue_s(metrics: Metrics) -> None:
    change = Change()
    for delay in range(100):
        published(metrics, "tests.effect", f"0.0.{delay:b}.{Queue.LONG.value.wire_name}")
    assert change("celery_tasks_published_total", task="tests.effect", queue="long") == 100
    assert len(metrics._series) == 1
    assert not metrics._known


def test_a_run_that_no_process_could_report_is_counted(metrics: Metrics) -> None:
    change, request = Change(), Context({"delivery_info": {"routing_key": Queue.SHORT.value.wire_name}})
    for retried in (True, True, False):
        own_signals.task_lost.send(effect, request=request, failure=None, retried=retried)
    signals.task_revoked.send(effect, request=request, terminated=False, signum=None, expired=True)
    labels = {"task": "tests.effect", "queue": "short"}
    assert change("celery_tasks_retried_total", **labels) == 2
    assert change("celery_tasks_failed_total", **labels) == 1
    assert change("celery_tasks_revoked_total", **labels, reason="expired") == 1


def test_a_task_that_is_registered_late_is_another_one(metrics: Metrics) -> None:
    assert metrics._runs.of(("tests.late", "short")) is metrics._runs.of((OTHER, "short"))
    assert metrics._runs.of((OTHER, "short")) is not metrics._runs.of(("tests.effect", "short"))


def published(metrics: Metrics, name: str, routing_key: str) -> None:
    """A message has gone out with this routing key."""
    metrics._begin_publish(name, {"routing_key": routing_key})(None)


NOW = 1_700_000_000.0
EARLIER, LATER = (datetime.fromtimestamp(NOW + seconds, UTC) for seconds in (-2, 5))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"published_at": NOW - 3}, 3),
        ({"published_at": NOW - 3, "eta": EARLIER.isoformat()}, 2),
        ({"published_at": NOW - 3, "eta": EARLIER.replace(tzinfo=None).isoformat()}, 2),
        ({"published_at": NOW - 3, "eta": (EARLIER - timedelta(seconds=60)).isoformat()}, 3),
        ({"published_at": NOW - 3, "eta": LATER.isoformat()}, 0),
        ({"published_at": NOW + 60}, 0),
        ({}, None),
        ({"published_at": "yesterday"}, None),
        ({"published_at": True}, None),
        ({"published_at": math.nan}, None),
        ({"published_at": math.inf}, None),
        ({"published_at": -1e300}, None),
    ],
    ids=str,
)
def test_the_time_in_the_queue_is_less_the_delay(headers: dict[str, Any], seconds: float | None) -> None:
    found = seconds_in_queue(headers, NOW)
    assert found == (None if seconds is None else pytest.approx(seconds, abs=0.01))
