"""What a service does now, for `top`: the broker's figures of its queues, and what its workers answer.

A look is one message of remote control to all workers, and one of each: they count for themselves, see `worker.tally`.
"""

import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..service import ServiceApp
from ..worker.tally import COMMAND, seconds_of

__all__ = ["Figures", "Look", "QueueRow", "TaskRow", "WorkerRow"]

PATIENCE = 1.0
"""Seconds in which a worker answers, unless its main process stands still."""

MISSES = 2
"""Looks in a row without an answer after which a worker counts as lost."""

FORGET = 300.0
"""Seconds after which a worker that no longer answers is left out, and what it has run with it."""


@dataclass(frozen=True)
class QueueRow:
    """See `QueueFigures`. rate: runs that ended, a second; None at the first look."""

    queue: str
    waiting: int
    in_work: int | None
    oldest: float | None
    rate: float | None
    dead: int
    consumers: int | None


@dataclass(frozen=True)
class TaskRow:
    """Runs since the workers started. p50, p95: seconds of the last runs that succeeded, within 5 %."""

    task: str
    succeeded: int
    failed: int
    retried: int
    deferred: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class WorkerRow:
    """state: ready; not ready, for the reasons in `faults`; or lost. last_seen: seconds since its last answer."""

    worker: str
    state: str
    busy: int
    slots: int
    last_seen: float
    queues: list[str]
    faults: list[str]


@dataclass(frozen=True)
class Figures:
    """What one look has shown."""

    queues: list[QueueRow]
    tasks: list[TaskRow]
    workers: list[WorkerRow]
    dead_letters: int


class Look:
    """Looks again and again; what is compared with the look before is kept here."""

    def __init__(self, app: ServiceApp) -> None:
        self._app = app
        self._answers: dict[str, dict[str, Any]] | None = None
        self._seen: dict[str, float] = {}
        self._missed: Counter[str] = Counter()

    def __call__(self) -> Figures:
        """Ask the broker and the workers, for PATIENCE. Raises one of the broker's `errors`."""
        service, first, before = self._app.service, self._answers is None, self._answers or {}
        queues = service.broker.queue_figures(self._app, service.queues)
        replies = self._app.control.broadcast(COMMAND, reply=True, timeout=PATIENCE) or []
        answers = {worker: answer for reply in replies for worker, answer in reply.items() if "slots" in answer}
        now = time.monotonic()
        self._missed = Counter({worker: self._missed[worker] + 1 for worker in before if worker not in answers})
        seen = {worker: when for worker, when in self._seen.items() if now - when < FORGET}
        self._seen = seen | dict.fromkeys(answers, now)
        self._answers = {worker: each for worker, each in before.items() if worker in seen} | answers
        rates = _rates(before, answers)
        rows = [
            QueueRow(
                each.queue,
                each.waiting,
                each.in_work,
                each.oldest,
                None if first else rates[each.queue],
                each.dead,
                each.consumers,
            )
            for each in queues
        ]
        workers = [self._worker(worker, self._answers[worker], now) for worker in sorted(self._answers)]
        return Figures(rows, list(_tasks(self._answers.values())), workers, sum(each.dead for each in queues))

    def _worker(self, worker: str, answer: dict[str, Any], now: float) -> WorkerRow:
        lost = self._missed[worker] >= MISSES
        state = "lost" if lost else "not ready" if answer["faults"] else "ready"
        return WorkerRow(
            worker,
            state,
            0 if lost else answer["busy"],
            answer["slots"],
            now - self._seen[worker],
            answer["queues"],
            answer["faults"],
        )


def _rates(before: Mapping[str, dict[str, Any]], now: Mapping[str, dict[str, Any]]) -> dict[str, float]:
    """Runs that ended, a second, of each queue: of the workers that have answered both times, by their own clocks."""
    rates: dict[str, float] = defaultdict(float)
    for worker in before.keys() & now.keys():
        old, new = before[worker], now[worker]
        if (seconds := new["clock"] - old["clock"]) > 0:
            for queue, ended in new["ended"].items():
                rates[queue] += (ended - old["ended"].get(queue, 0)) / seconds
    return rates


def _tasks(answers: Iterable[dict[str, Any]]) -> Iterable[TaskRow]:
    """The task that has run most comes first."""
    outcomes: dict[str, Counter[str]] = {}
    powers: dict[str, Counter[int]] = {}
    for answer in answers:
        for name, tally in answer["tasks"].items():
            outcomes.setdefault(name, Counter()).update(tally["outcomes"])
            powers.setdefault(name, Counter()).update(dict(map(tuple, tally["powers"])))
    for name in sorted(outcomes, key=lambda each: (-outcomes[each].total(), each)):
        count = outcomes[name]
        yield TaskRow(
            name,
            count["succeeded"],
            count["failed"],
            count["retried"],
            count["deferred"],
            _quantile(powers[name], 0.5),
            _quantile(powers[name], 0.95),
        )


def _quantile(powers: Counter[int], share: float) -> float | None:
    """The seconds within which this share of the runs ended."""
    left = math.ceil(share * powers.total())
    for power in sorted(powers):
        left -= powers[power]
        if left <= 0:
            return seconds_of(power)
    return None
