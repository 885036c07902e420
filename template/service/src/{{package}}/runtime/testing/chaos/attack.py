"""Restarts workers whenever they end, and kills processes at random while tasks arrive."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..servers.process import Server

__all__ = ["Kills", "Workers", "attack"]

VICTIMS = {"children": 6, "mains": 3, "brokers": 1}
"""How often each is chosen."""

EACH = ("children", "brokers", "mains")
"""However short an attack is, it kills one of each."""

TICK = 0.1
TIMEOUT = 60.0
"""Seconds for a worker to end after SIGTERM, and for an effect to happen."""


@dataclass
class Kills:
    """How many processes were killed."""

    children: int = 0
    mains: int = 0
    brokers: int = 0


def attack(
    workers: Sequence[Sequence[str]],
    publisher: Sequence[str],
    broker: Server,
    settled: Callable[[], bool],
    effects: Callable[[], int],
    *,
    folder: Path,
    every: float,
    seed: int,
) -> Kills:
    """Kill a process about every so many effects while the publisher runs; then wait until `settled`.

    Raises RuntimeError if the publisher failed.
    """
    with Workers(workers, broker, folder, seed) as running, (folder / "publisher.log").open("wb") as log:
        publishing = subprocess.Popen(publisher, stdout=log, stderr=log)
        try:
            running.strike(every, effects, lambda: publishing.poll() is None)
        finally:
            publishing.kill()
        if publishing.wait():
            raise RuntimeError(f"expected the publisher to end well, got: {log.name} says {Path(log.name).read_text()}")
        while not settled():
            running.wait(1)
        return running.kills


class Workers:
    """Runs each of the workers' commands for as long as the block lasts; kills them, their children and the broker."""

    def __init__(self, commands: Sequence[Sequence[str]], broker: Server, folder: Path, seed: int) -> None:
        self._commands, self._broker, self._folder = commands, broker, folder
        self._random = random.Random(seed)
        self._mains: list[subprocess.Popen[bytes]] = []
        self.kills = Kills()

    def __enter__(self) -> Self:
        """Start the workers."""
        self._mains = [self._start(number) for number in range(len(self._commands))]
        return self

    def __exit__(self, *error: Any) -> None:
        """Stop them, warm, and kill what does not stop."""
        for main in self._mains:
            main.terminate()
        deadline = time.monotonic() + TIMEOUT
        for main in self._mains:
            with suppress(subprocess.TimeoutExpired):
                main.wait(max(0.0, deadline - time.monotonic()))
            main.kill()
            main.wait()

    def strike(self, every: float, effects: Callable[[], int], going: Callable[[], bool]) -> None:
        """Kill a process about every so many effects for as long as it is `going`, and one of each in any case.

        By effects and not by seconds, so that whoever is killed has been at work, however slow the machine is.
        """
        first = list(EACH)
        while going() or first:
            due = effects() + self._random.expovariate(1 / every)
            deadline = time.monotonic() + TIMEOUT
            self.wait(TICK)
            while going() and effects() < due and time.monotonic() < deadline:
                self.wait(TICK)
            victim = first[0] if first else self._random.choices(list(VICTIMS), list(VICTIMS.values()))[0]
            if self._kill(victim):
                setattr(self.kills, victim, getattr(self.kills, victim) + 1)
                first = first[1:]

    def wait(self, seconds: float) -> None:
        """Let time go by, and start again what has ended."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._mains = [self._start(n) if each.poll() is not None else each for n, each in enumerate(self._mains)]
            time.sleep(min(TICK, left))

    def _kill(self, victim: str) -> bool:
        if victim == "brokers":
            self._broker.kill()
            self.wait(self._random.uniform(0, 1))
            self._broker.start()
            return True
        main = self._random.choice(self._mains)
        children = _children(main.pid)
        if not children:
            return False
        with suppress(ProcessLookupError):
            os.kill(self._random.choice(children) if victim == "children" else main.pid, signal.SIGKILL)
        return True

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        with (self._folder / f"worker{number}.log").open("ab") as log:
            return subprocess.Popen(self._commands[number], stdout=log, stderr=log)


def _children(pid: int) -> list[int]:
    """The pool of a worker; none while it starts."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
