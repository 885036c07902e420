"""How runs are counted: in memory that a worker's main process shares with the processes of its pool.

A run changes six numbers. In prometheus_client's files each takes calls of six functions, which together is longer than
all else that observes a run; here the library only exposes them.
"""

import mmap
import os
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from celery.states import FAILURE, RETRY, SUCCESS
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from .counters import OTHER, SECONDS, TASK
from .worker import is_alive

__all__ = ["RunCount", "RunCounts"]

STARTED = "STARTED"
COUNTERS = {
    STARTED: ("celery_tasks_started", "Runs begun; each ends as one of the next five, or comes again."),
    SUCCESS: ("celery_tasks_succeeded", "Runs that returned."),
    RETRY: ("celery_tasks_retried", "Runs that failed, or were lost, and are published again."),
    FAILURE: ("celery_tasks_failed", "Runs that failed, or were lost, for good."),
}
"""By Celery's states."""
COUNTER = {state: offset for offset, state in enumerate(COUNTERS)}

BOUNDS = [*map(floatToGoString, SECONDS), "+Inf"]
QUEUE_SECONDS = len(COUNTERS)
RUN_SECONDS = QUEUE_SECONDS + len(BOUNDS) + 1
HISTOGRAMS = {
    QUEUE_SECONDS: ("celery_task_queue_seconds", "From publishing, or from the eta, to the begin of the run."),
    RUN_SECONDS: ("celery_task_run_seconds", "From the begin of a run to its end."),
}
"""By the offset of its first bound; after the last one comes the sum."""

WIDTH = RUN_SECONDS + len(BOUNDS) + 1
"""Numbers of one task in one queue. They begin with the first one; before all of them is the id of the process."""


def bound_of(seconds: float) -> int:
    """The number of the first bound that is not exceeded."""
    return bisect_left(SECONDS, seconds) if seconds > SECONDS[0] else 0  # most runs, without a call


class RunCount:
    """Counts the runs of one place in this process."""

    __slots__ = ("_lock", "_numbers", "first")  # what it reads in each run is in one piece of memory

    def __init__(self, first: int) -> None:
        self.first = first

    def reset(self, lock: threading.Lock, numbers: "memoryview[float]") -> None:
        """Count in `numbers` from now on."""
        self._lock, self._numbers = lock, numbers

    def begun(self, waited: float | None) -> None:
        """Count a run that begins. waited: seconds, if they are known."""
        first, numbers = self.first, self._numbers
        with self._lock:
            numbers[first] += 1
            if waited is not None:
                numbers[first + QUEUE_SECONDS + bound_of(waited)] += 1
                numbers[first + RUN_SECONDS - 1] += waited

    def ended(self, state: str, seconds: float | None = None) -> None:
        """Count a run that has ended in this state of Celery's; seconds: that it took, if a process could tell."""
        first, numbers = self.first, self._numbers
        with self._lock:
            if (offset := COUNTER.get(state)) is not None:
                numbers[first + offset] += 1
            if seconds is not None:
                numbers[first + RUN_SECONDS + bound_of(seconds)] += 1
                numbers[first + WIDTH - 1] += seconds


class RunCounts(Collector):
    """What this process, and those that it has forked, have counted of each place, a task in a queue.

    A number stays when its process is killed. places: known to all these processes; OTHER is one in each queue. shown:
    those that are exposed before their first run.
    """

    def __init__(self, places: Sequence[tuple[str, str]]) -> None:
        self._counts = {place: RunCount(1 + number * WIDTH) for number, place in enumerate(places)}
        self.shown: set[tuple[str, str]] = set()
        self._reset(self._new())
        if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
            os.register_at_fork(
                before=self._before_fork,
                after_in_parent=lambda: self._forked.append(self._next),
                after_in_child=lambda: self._reset(self._next),
            )

    def _new(self) -> "memoryview[float]":
        return memoryview(mmap.mmap(-1, 8 * (1 + WIDTH * len(self._counts)))).cast("d")

    def _reset(self, numbers: "memoryview[float]") -> None:
        self._lock, self._numbers = threading.Lock(), numbers
        self._forked: list[memoryview[float]] = []
        numbers[0] = os.getpid()
        for count in self._counts.values():
            count.reset(self._lock, numbers)

    def _before_fork(self) -> None:
        """A process that ends has another one take its place: so there are never more numbers than processes."""
        with self._lock:
            rows, self._forked = self._forked, []
            for row in rows:
                if not row[0] or is_alive(int(row[0])):
                    self._forked.append(row)
                    continue
                for number in range(1, len(row)):
                    self._numbers[number] += row[number]
        self._next = self._new()

    def of(self, place: tuple[str, str]) -> RunCount:
        """What counts the runs of a place: for a task that is not known yet, that of OTHER."""
        return self._counts.get(place) or self._counts[OTHER, place[1]]

    def describe(self) -> Iterator[Metric]:
        """Nothing: to be registered is not to be asked."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        with self._lock:
            rows = [self._numbers, *self._forked]
            totals = {
                place: [
                    sum(each) for each in zip(*(row[count.first : count.first + WIDTH] for row in rows), strict=True)
                ]
                for place, count in self._counts.items()
            }
        totals = {place: numbers for place, numbers in totals.items() if place in self.shown or any(numbers)}
        for state, (name, text) in COUNTERS.items():
            counter = CounterMetricFamily(name, text, labels=TASK)
            for place, numbers in totals.items():
                counter.add_metric(place, numbers[COUNTER[state]])
            yield counter
        for first, (name, text) in HISTOGRAMS.items():
            histogram = HistogramMetricFamily(name, text, labels=TASK)
            for place, numbers in totals.items():
                counts = numbers[first : first + len(BOUNDS)]
                if any(counts):  # not before the first run: it has a series for each bound
                    below = [(bound, sum(counts[: at + 1])) for at, bound in enumerate(BOUNDS)]
                    histogram.add_metric(place, below, numbers[first + len(BOUNDS)])
            yield histogram
