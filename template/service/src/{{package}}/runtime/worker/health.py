"""Whether this worker would run a message that is published now, and if not, for how long that may be so.

A thread looks twelve times per HEALTH_LIMIT and writes the heartbeat file (see the module `probe`). It reads what the
main process knows and waits for nothing; the loop gets one callback to show that it turns. Not ready at once, and not
live after HEALTH_LIMIT:
- the loop does not turn;
- the worker is deaf: connected, and it has no consumer on one of its queues, or the broker owes it an answer, or says
  that messages wait while it is idle (see `questions`);
- every slot of the pool hangs (see `slots`).
Not ready at once, and not live after RECONNECT_LIMIT: no connection to the broker, also from the start on. A restart
would not bring the broker back, so that limit is long. A shutdown is live for as long as it may take.

A deaf worker that is idle first tries a new connection. Only `cancel_consumer`, which somebody meant, is not undone.
"""

import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from celery import bootsteps
from celery.signals import worker_shutting_down
from celery.worker import state

from .. import probe
from ..queues import QueueClass, shutdown_cap
from ..service import ServiceApp
from ..settings import settings
from .questions import Questions
from .slots import Slots

__all__ = ["Health", "current", "end", "install"]

log = structlog.get_logger(__name__)

LOOKS = 12
"""How often a thread looks in HEALTH_LIMIT."""


@dataclass(frozen=True, slots=True)
class Health:
    """What was seen last."""

    connected: bool = False
    """To the broker, with a loop that has turned since."""
    consuming: Mapping[str, bool] = field(default_factory=dict)
    """By the queue's name in the table, whether the worker would get a message from it; none once it shuts down."""
    pool_stuck: bool = False
    """Whether every slot of the pool hangs."""
    faults: tuple[str, ...] = ()
    """Why the worker is not ready, one sentence each."""


class Monitor(threading.Thread):
    """Looks at the worker, and writes its heartbeat."""

    def __init__(self, worker: Any, app: ServiceApp) -> None:
        super().__init__(name="health", daemon=True)
        values, self._broker, selected = settings(), app.service.broker, app.amqp.queues.consume_from
        self.queues = [queue for queue in app.service.queues if queue.wire_name in selected]
        self.health = Health()
        self.ended = threading.Event()
        self._file: Path = values.heartbeat_file
        self._limit = values.health_limit
        self._interval = values.health_limit / LOOKS
        self._reconnect_limit = values.reconnect_limit
        self._grace = shutdown_cap(self.queues, values) + values.margin
        self._worker = worker
        self._consumer: Any = worker.consumer
        self._slots = Slots(worker.pool, 2 * self._interval, values.margin)
        names = [queue.wire_name for queue in self.queues]
        self._questions = Questions(app, names, 3 * self._interval, self._idle_since)
        self._draining = False
        self._turned: tuple[int, float] = (-1, 0.0)
        self._heard: tuple[object, float] = (None, 0.0)
        self._since: dict[str, float] = {}
        self._looked = time.monotonic()
        self._reconnected = float("-inf")

    def drain(self, **_: Any) -> None:
        """The worker has begun to shut down."""
        self._draining = True

    def run(self) -> None:
        """Look until the worker ends."""
        self._questions.start()
        while not self.ended.is_set():
            try:
                self._look(time.monotonic())
            except Exception as error:  # without this thread the worker counts as dead
                log.warning("no heartbeat", error=repr(error))
            self.ended.wait(self._interval)

    def end(self) -> None:
        """The worker has ended: nobody is alive here."""
        self.ended.set()
        self._questions.ended.set()
        self.join(timeout=5)
        self._file.unlink(missing_ok=True)

    def _look(self, now: float) -> None:
        if now - self._looked > self._limit / 2:  # this process was frozen, so nothing that it waits for could happen
            self._since.clear()
            self._slots.forget()
            self._heard = None, now
        self._looked = now
        connected = self._is_connected(now)
        takes = connected and self._turns(now)
        consuming = {queue.name: takes and self._consumes(queue, now) for queue in self.queues}
        stuck = self._slots.all_hang(now)
        faults = self._faults(now, connected, consuming, stuck)
        # What cannot be seen without a connection is as old as it was when the connection is back.
        known = {} if connected else self._since
        self._since = known | {fault: self._since.get(fault, now) for fault in faults}
        left = [self._since[fault] + limit - now for fault, limit in faults.items()]
        self.health = Health(connected, {} if self._draining else consuming, stuck, tuple(faults))
        probe.write(self._file, min([self._limit, *left]), -1 if faults else 3 * self._interval, list(faults))
        if connected and not stuck and not self._draining:
            self._mend(now, [queue for queue in self.queues if not consuming[queue.name]])

    def _faults(self, now: float, connected: bool, consuming: Mapping[str, bool], stuck: bool) -> dict[str, float]:
        """Each with the seconds that it may last."""
        if self._draining:
            return {"it is shutting down": self._grace}
        faults: dict[str, float] = {}
        if not connected:
            faults["it has no connection to the broker"] = self._reconnect_limit
        elif not self._turns(now):
            faults["its loop stands still"] = self._limit
        else:
            faults |= {_deaf(name): self._limit for name, consumes in consuming.items() if not consumes}
        if stuck:
            faults["every slot of its pool hangs"] = self._limit
        return faults

    def _is_connected(self, now: float) -> bool:
        """Ask the loop to turn, and see whether it has since it was connected last."""
        restarts = self._consumer.restart_count
        if self._consumer.connection is None:
            return False
        self._consumer.call_soon(self._turn, restarts)
        return bool(self._turned[0] == restarts)

    def _turns(self, now: float) -> bool:
        return now - self._turned[1] <= 3 * self._interval

    def _turn(self, restarts: int) -> None:
        self._turned = restarts, time.monotonic()

    def _consumes(self, queue: QueueClass, now: float) -> bool:
        consumer = self._consumer.task_consumer
        tag = consumer and consumer._active_tags.get(queue.wire_name)
        if not tag or not self._broker.consumes(consumer.channel, queue.wire_name, tag):
            return False
        heard = self._broker.heard(consumer.channel)
        if heard is None or heard != self._heard[0]:
            self._heard = heard, now
        silent = now - self._heard[1] > self._broker.longest_silence
        return not silent and queue.wire_name not in self._questions.unserved

    def _mend(self, now: float, deaf: Sequence[QueueClass]) -> None:
        """Connect anew, half-way to the limit: once, since what that does not help is for whoever reads the probe."""
        chosen = self._consumer.app.amqp.queues.consume_from
        since = [self._since.get(_deaf(queue.name), now) for queue in deaf if queue.wire_name in chosen]
        is_overdue = now - min(since, default=now) > self._limit / 2
        if is_overdue and self._is_idle() and now - self._reconnected > 10 * self._limit:
            self._reconnected = now
            self._consumer.call_soon(_reconnect)

    def _is_idle(self) -> bool:
        known: Any = state  # the stubs lack one of these
        limited = [bucket.contents for bucket in list(self._consumer.task_buckets.values()) if bucket]
        return not any(map(len, (known.reserved_requests, known.scheduled_requests, *limited)))

    def _idle_since(self) -> Hashable | None:
        ready = self.health.connected and not self._draining and self._is_idle()
        return (self._consumer.restart_count, self._consumer.received) if ready else None


class HealthStep(bootsteps.StartStopStep):
    """Starts the monitor once the pool has its processes, which then do not inherit it (a Celery bootstep)."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        """Celery calls this with the worker."""
        monitor = Monitor(parent, parent.app)
        MONITOR.append(monitor)
        worker_shutting_down.connect(monitor.drain, weak=False)
        monitor.start()

    def stop(self, parent: Any) -> None:
        """Nothing: a worker that shuts down is alive until its process ends."""


MONITOR: list[Monitor] = []
"""The one of this process, once it runs."""


def install(app: ServiceApp) -> None:
    """Let the worker of this process write heartbeats."""
    settings().heartbeat_file.unlink(missing_ok=True)
    app.steps["worker"].add(HealthStep)


def end() -> None:
    """The worker of this process has ended."""
    for monitor in MONITOR:
        monitor.end()


def current() -> Health:
    """What was seen of the worker of this process last; of none, nothing."""
    return MONITOR[0].health if MONITOR else Health()


def _deaf(queue: str) -> str:
    return f"it gets no messages from queue {queue}"


def _reconnect() -> None:
    """Called by the loop, whose connection ends with it."""
    raise ConnectionResetError("no messages came over this connection to the broker")
