"""Counts what was lost and repeated."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Row", "Settled", "row"]

WINDOW = 10.0
"""Seconds without an effect until no repeat can come: a lease, its takeover, and the longest wait in between."""

WINDOW_MISSING = 45.0
"""The same while effects are missing: a worker that found no broker for long may wait for 32 s."""


@dataclass(frozen=True)
class Row:
    """What became of the tasks of one mode. `outside`: repeats that no process which ended explains."""

    mode: str
    tasks: int
    lost: int
    repeated: int
    outside: int

    @property
    def kept(self) -> bool:
        """Whether this is what the mode promises."""
        return {
            "transactional": not self.lost and not self.repeated,
            "lease": not self.lost and not self.outside,
            "at-most-once": not self.repeated,
        }[self.mode]


def row(mode: str, tasks: int, effects: Sequence[str]) -> Row:
    """Count. The window of `lease`: the process that had the effect died before it could record it, or do anything."""
    pairs = [(int(number), pid) for number, pid in (line.split() for line in effects)]
    times = Counter(number for number, _ in pairs)
    left = times.copy()
    last = {pid: place for place, (_, pid) in enumerate(pairs)}
    outside = 0
    for place, (number, pid) in enumerate(pairs):
        left[number] -= 1
        outside += left[number] > 0 and last[pid] != place
    return Row(mode, tasks, tasks - len(times), len(pairs) - len(times), outside)


class Settled:
    """Says when nothing more is to be expected."""

    def __init__(
        self, effects: Callable[[], dict[str, list[str]]], tasks: int, missing_window: float = WINDOW_MISSING
    ) -> None:
        self._effects, self._tasks, self._missing_window = effects, tasks, missing_window
        self._seen, self._since = -1, 0.0

    def __call__(self) -> bool:
        """Look at the effects, once."""
        effects = self._effects()
        if (seen := sum(map(len, effects.values()))) != self._seen:
            self._seen, self._since = seen, time.monotonic()
        missing = any(
            row(mode, self._tasks, lines).lost for mode, lines in effects.items() if mode != "at-most-once"
        )  # what that one has skipped never comes
        return time.monotonic() - self._since > (self._missing_window if missing else WINDOW)
