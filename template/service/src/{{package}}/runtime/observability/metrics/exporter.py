"""What only the broker and the stores know, asked for when Prometheus scrapes: `<package> metrics`.

What does not answer in time is left out, rather than told as it was: only `celery_broker_up` is always there.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ...brokers import QueueFigures
from ...schedule import parse_every, period
from ...service import ServiceApp
from ...settings import settings
from ...task import service_tasks
from ...urls import SQL

__all__ = ["ExporterCollector", "exporter_registry"]

log = structlog.get_logger(__name__)

STATES = ("closed", "open", "half-open")
"""Of a circuit."""


class ExporterCollector(Collector):
    """Asks for all of it at once; timeout: seconds that one answer may take."""

    def __init__(self, app: ServiceApp, timeout: float) -> None:
        """Nothing is connected."""
        self._app, self._timeout = app, timeout
        self._questions: dict[str, Callable[[], list[Metric]]] = {"queues": self._queues, "findings": self._findings}
        self._questions["memory"] = self._memory
        self._circuits = sorted({task.breaker for task in service_tasks(app) if task.breaker})
        if self._circuits and app.service.breaker is not None:
            self._questions["circuits"] = self._circuit_states
        if find_spec("...relay", __package__) and settings().idempotency_url.startswith(SQL):
            self._questions["outbox"] = self._outbox
        self._pool = ThreadPoolExecutor(len(self._questions), "metrics")
        self._pending: dict[str, Future[list[Metric]]] = {}
        self._turn = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        with self._turn:
            answers = self._answers()
        yield _gauge("celery_broker_up", "Whether the broker answers.", [((), "queues" in answers)])
        for metrics in answers.values():
            yield from metrics
        yield from self._table()

    def _answers(self) -> dict[str, list[Metric]]:
        """Those that came in time. What has not answered an earlier question is not asked again meanwhile."""
        for name, ask in self._questions.items():
            if name not in self._pending:
                self._pending[name] = self._pool.submit(ask)
        asked = dict(self._pending)
        wait(asked.values(), self._timeout)
        answers = {}
        for name, future in asked.items():
            if future.done():
                del self._pending[name]
                try:
                    answers[name] = future.result()
                except Exception as error:  # each library has its own
                    log.warning("not answered", about=name, error=repr(error))
        return answers

    def _queues(self) -> list[Metric]:
        service = self._app.service
        found = service.broker.queue_figures(self._app, service.queues)

        def gauge(name: str, text: str, value: Callable[[QueueFigures], float | None]) -> Metric:
            return _gauge(f"celery_queue_{name}", text, [((each.queue,), value(each)) for each in found], ["queue"])

        return [
            gauge("messages_waiting", "Messages that no worker has taken.", lambda each: each.waiting),
            gauge("messages_in_work", "Messages that workers have: run, prefetched, or delayed.", lambda e: e.in_work),
            gauge("oldest_message_age_seconds", "Since the next message was published.", lambda each: each.oldest),
            gauge("dead_letters", "Dead letters of the queue.", lambda each: each.dead),
            gauge("consumers", "Workers that would be given a message.", lambda each: each.consumers),
        ]

    def _findings(self) -> list[Metric]:
        service = self._app.service
        faults: dict[str, bool] = {}
        for finding in service.broker.diagnose(self._app, service.queues):  # a subject may have several
            faults[finding.subject] = faults.get(finding.subject, False) or not finding.ok
        values = [((subject,), fault) for subject, fault in faults.items()]
        return [_gauge("celery_broker_finding", "Whether doctor finds fault with it.", values, ["subject"])]

    def _memory(self) -> list[Metric]:
        ratio = self._app.service.broker.memory_ratio(self._app)
        return [_gauge("celery_broker_memory_ratio", "Of the broker's own limit, where it has one.", [((), ratio)])]

    def _circuit_states(self) -> list[Metric]:
        found: Mapping[str, str] = self._app.service.breaker.states(self._circuits)  # type: ignore[union-attr]
        values = [((name, each), state == each) for name, state in found.items() for each in STATES]
        return [_gauge("celery_circuit_state", "1 for the state that holds.", values, ["circuit", "state"])]

    def _outbox(self) -> list[Metric]:
        relay: Any = import_module("...relay", __package__)
        backlog = relay.backlog(settings().idempotency_url)
        counts = [(("waiting",), backlog.waiting - backlog.failing), (("failing",), backlog.failing)]
        return [
            _gauge("celery_outbox_messages", "Messages that the relay has yet to send.", counts, ["state"]),
            _gauge("celery_outbox_oldest_message_age_seconds", "Of the first of them.", [((), float(backlog.oldest))]),
        ]

    def _table(self) -> Iterable[Metric]:
        """What the code says, for rules to compare with."""
        queues = [((queue.name,), queue.max_runtime) for queue in self._app.service.queues]
        yield _gauge("celery_queue_max_runtime_seconds", "The longest run that it admits.", queues, ["queue"])
        periods = [((each.name,), period(parse_every(each.every))) for each in service_tasks(self._app) if each.every]
        yield _gauge("celery_schedule_period_seconds", "From one run to the next.", periods, ["task"])


def exporter_registry(app: ServiceApp, timeout: float) -> CollectorRegistry:
    """What the exporter serves."""
    registry = CollectorRegistry()
    registry.register(ExporterCollector(app, timeout))
    ProcessCollector(registry=registry)
    return registry


def _gauge(
    name: str, text: str, values: Iterable[tuple[Sequence[str], float | None]], labels: Sequence[str] = ()
) -> Metric:
    """What is None cannot be known, and is left out."""
    metric = GaugeMetricFamily(name, text, labels=labels)
    for label_values, value in values:
        if value is not None:
            metric.add_metric(label_values, value)
    return metric
