"""What `dev.chaos` counts: effects, each a line "number pid" in the order of their process."""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Row", "Settled", "append", "counted", "lines", "row"]

WINDOW = 10.0
"""Seconds without an effect until no repeat can come: a lease, its takeover, and the longest wait in between."""

PATIENCE = 45.0
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


def append(file: Path, line: str) -> None:
    """Add a line to a file: one call, so that a kill leaves it whole or not at all."""
    descriptor = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def counted(file: Path) -> int:
    """How many lines there are so far."""
    return file.read_bytes().count(b"\n") if file.exists() else 0


def lines(file: Path) -> list[str]:
    """The lines so far."""
    return file.read_text().splitlines() if file.exists() else []


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

    def __init__(self, effects: Callable[[], dict[str, list[str]]], tasks: int, patience: float = PATIENCE) -> None:
        self._effects, self._tasks, self._patience = effects, tasks, patience
        self._seen, self._since = -1, 0.0

    def __call__(self) -> bool:
        """Look at the effects, once."""
        effects = self._effects()
        if (seen := sum(map(len, effects.values()))) != self._seen:
            self._seen, self._since = seen, time.monotonic()
        missing = any(
            row(mode, self._tasks, lines).lost for mode, lines in effects.items() if mode != "at-most-once"
        )  # what that one has skipped never comes
        return time.monotonic() - self._since > (self._patience if missing else WINDOW)
