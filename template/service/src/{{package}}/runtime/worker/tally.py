"""What this worker has run: counted in its main process, and told when `top` asks by remote control.

Celery's task events would be several messages for each run, from every worker, for as long as somebody has them
switched on, and tell nothing of the time before. This costs about a microsecond a run; an answer is a few kilobytes.
"""

import math
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from celery.worker import state as worker_state
from celery.worker.control import inspect_command

from ..queues import queue_of
from ..service import service_of
from . import health

__all__ = ["COMMAND", "KEPT", "Outcome", "note", "seconds_of"]

COMMAND = "service_figures"
"""Of remote control, as `celery inspect` calls it."""

KEPT = 500
"""Runs of each task whose seconds are remembered."""

STEP = 1.1
"""Seconds are remembered as powers of this: within 5 % of what they were, and few different ones."""

SHORTEST = 0.0001
"""Seconds; anything shorter counts as this."""

Outcome = Literal["succeeded", "failed", "retried", "deferred"]


@dataclass
class Tally:
    """Of one task."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    powers: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    """Of runs that succeeded."""


tallies: defaultdict[str, Tally] = defaultdict(Tally)
ended: Counter[str] = Counter()
"""Runs of each queue, by its name in the queue table."""


def note(request: Any, outcome: Outcome, seconds: float | None = None) -> None:
    """Count a run that has ended."""
    tally = tallies[request.task.name]
    tally.outcomes[outcome] += 1
    if seconds is not None:
        tally.powers.append(round(math.log(max(seconds, SHORTEST), STEP)))
    ended[_queue(request.task.app, request.delivery_info.get("routing_key"))] += 1


def seconds_of(power: int) -> float:
    """What `Tally.powers` stand for."""
    return float(STEP**power)


@inspect_command(name=COMMAND)
def figures(state: Any, **_: Any) -> dict[str, Any]:
    """Tell what this worker does and has done, as JSON."""
    queues = service_of(state.app).queues
    seen = health.current()
    return {
        "clock": time.monotonic(),
        "slots": state.consumer.pool.num_processes,
        "busy": len(worker_state.active_requests),
        "queues": [queue.name for queue in queues if queue.name in seen.consuming],
        "faults": list(seen.faults),
        "ended": dict(ended),
        "tasks": {
            name: {"outcomes": dict(tally.outcomes), "powers": list(Counter(tally.powers.copy()).items())}
            for name, tally in list(tallies.items())
        },
    }


@lru_cache(1000)
def _queue(app: Any, routing_key: str) -> str:
    queues = service_of(app).queues
    return (queue_of(queues, routing_key) or queues[0]).name
