"""A service that observes in some slices of time, the same ones in all its processes: what that costs, in one run.

Both kinds of slices have the same processes, memory and messages. Two services beside each other differ by ten per cent
and more for these alone, where what observing costs is a few.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from celery.signals import worker_process_shutdown

__all__ = ["ratio", "take_turns"]

SECONDS = 0.5
"""Of a slice."""

SETTLED = 0.3
"""The part of a slice before it counts: what was published in the slice before is still run."""


def observes(number: int) -> bool:
    """Whether it is a slice with observers: one of each two, in an order that has no period (Thue and Morse's)."""
    return number.bit_count() % 2 == 1


def take_turns(app: Any, folder: Path) -> None:
    """Observe in turns from now on; a process of the pool writes the runs of its slices into the folder at its end."""
    runs, publishes, counts = app.run_observers, app.publish_observers, Counter[int]()
    last = -1

    def turn(*about: Any) -> None:
        nonlocal last
        now = time.monotonic() / SECONDS
        number = int(now)
        if number != last:
            last, on = number, observes(number)
            app.run_observers = (turn, *(runs if on else ()))
            app.publish_observers = (turn, *(publishes if on else ()))
        if now - number >= SETTLED:
            counts[number] += 1

    app.run_observers = app.publish_observers = (turn,)
    worker_process_shutdown.connect(lambda **_: (folder / str(os.getpid())).write_text(json.dumps(counts)), weak=False)


def ratio(files: Iterable[Path]) -> dict[str, list[float]]:
    """Runs a second without observers, and the ratio of each slice with them to its neighbour without."""
    total = Counter[int]()
    for file in files:
        total.update({int(number): runs for number, runs in json.loads(file.read_text()).items()})
    _, *whole, _ = sorted(total)  # those two are not whole
    pairs = [(number, number + 1) for number in whole if not number % 2 and number + 1 in whole]
    ordered = [pair if observes(pair[0]) else pair[::-1] for pair in pairs]
    return {
        "without": [total[off] / (SECONDS * (1 - SETTLED)) for _, off in ordered],
        "ratio": [total[on] / total[off] for on, off in ordered],
    }
