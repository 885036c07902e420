"""`top` tells what a worker under a known load does and has done, and leaves the terminal as it was."""

import os
import re
import signal
import subprocess
import sys
import termios
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.cli import _figures
from runtime.cli._screen import CLOSE, HOME, OPEN
from runtime.testing import Worker
from runtime.testing.fixtures import with_variables
from runtime.testing.processes import Workers
from runtime.testing.servers.process import free_port, until
from runtime.worker.tally import Tally, seconds_of

from .combinations import each_broker, on
from .conftest import BROKER
from .proxy import Proxy
from .service.calls import publish, purge_queues
from .service.notes import count

TOP = [sys.executable, "-m", "runtime.testing.tasks", "top"]


def rows(figures: dict[str, Any], kind: str, name: str) -> dict[str, dict[str, Any]]:
    return {row[name]: row for row in figures[kind]}


@each_broker
def test_a_known_load_is_told(
    workers: Workers, new_worker: Callable[..., Worker], services: dict[str, str], tmp_path: Path
) -> None:
    top = ("top", "--json", "--every", "0.5")
    call, folder, redis = workers.console.call, str(tmp_path), services[BROKER].startswith("redis")
    call(purge_queues)  # what other tests have left would be counted
    before = workers.console.command(*top)
    assert before["workers"] == before["tasks"] == []
    worker = new_worker(HEALTH_LIMIT=12)  # twelve looks in it, of which the second tells that it is ready
    held = tmp_path / "held"
    held.mkdir()
    call(publish, "tests.holds", str(held))
    call(publish, "tests.holds", str(held))  # its key is busy
    worker.wait(lambda: worker.lines('"deferred"', "tests.holds"))
    (held / "go").touch()
    for name, seconds in (("a", 0.3), ("b", 0.3), ("c", 0.3), ("d", 1.0)):
        call(publish, "tests.waits", folder, name, seconds)
    for name in ("fails", *LOST):
        call(publish, f"tests.{name}", folder, name)

    def ended() -> bool:
        figures = workers.console.command(*top)
        tasks = rows(figures, "tasks", "task")
        counts = {name: row["succeeded"] + row["failed"] for name, row in tasks.items()}
        ready = [row["state"] for row in figures["workers"]] == ["ready"]
        return ready and counts == {
            "tests.holds": 2,
            "tests.waits": 4,
            **{f"tests.{name}": 1 for name in ("fails", *LOST)},
        }

    worker.wait(ended, timeout=180)  # each look is a process of its own, which waits for what workers answer
    for name in ("one", "two", "three"):
        call(publish, "tests.waits", folder, name, 50)
    worker.wait(lambda: count(tmp_path, "one.started") and count(tmp_path, "two.started"))

    figures = workers.console.command(*top)
    tasks = rows(figures, "tasks", "task")
    assert {name: _counts(tasks[f"tests.{name}"]) for name in ("fails", *LOST)} == {
        "fails": (0, 1, 0),
        "exhausts_its_retries": (0, 1, 1),
        "overruns": (0, 1, 0),
        "kills_its_process": (0, 1, 1),
    }
    assert _counts(tasks["tests.waits"]) == (4, 0, 0)
    assert 0.28 < tasks["tests.waits"]["p50"] < 0.95 < tasks["tests.waits"]["p95"] < 5
    assert tasks["tests.fails"]["p50"] is None
    assert tasks["tests.holds"]["deferred"] >= 1
    (row,) = figures["workers"]
    assert row["worker"].startswith("runtime.")
    assert (row["state"], row["faults"], row["queues"]) == ("ready", [], ["short", "long"])
    assert (row["busy"], row["slots"]) == (2, 2)
    queues = rows(figures, "queues", "queue")
    assert (queues["long"]["waiting"], queues["long"]["in_work"]) == (1, 2 if redis else None)
    dead = rows(before, "queues", "queue")["short"]["dead"]
    assert queues["short"]["dead"] == dead + 4
    assert figures["dead_letters"] == before["dead_letters"] + 4
    (tmp_path / "go").touch()
    worker.wait((tmp_path / "three.ended").exists)  # it would keep the worker of another test busy


LOST = {"exhausts_its_retries", "overruns", "kills_its_process"}
"""Tasks whose runs are ended by the worker, or come back."""


def _counts(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["succeeded"], row["failed"], row["retried"]


class Screen:
    """`top` in a terminal of its own."""

    def __init__(self, env: dict[str, str], *options: str) -> None:
        self._master, self._terminal = os.openpty()
        termios.tcsetwinsize(self._terminal, (40, 120))
        self.before = termios.tcgetattr(self._terminal)
        terminal: Any = dict.fromkeys(("stdin", "stdout", "stderr"), self._terminal)
        self.process: Any = subprocess.Popen([*TOP, *options], env=env, start_new_session=True, **terminal)
        os.set_blocking(self._master, False)
        self.output = ""

    def frame(self) -> str:
        """What it shows now."""
        try:
            while read := os.read(self._master, 65536):
                self.output += read.decode()
        except BlockingIOError:
            pass
        return re.sub(r"\x1b\[[?0-9]*[a-zA-Z]", "", self.output.rpartition(HOME)[2])

    def cells(self, first: str) -> list[str]:
        """The line that begins so."""
        return next((line.split() for line in self.frame().splitlines() if line.startswith(first)), [])

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def ended(self) -> int:
        """The exit code; its terminal is as it was before."""
        code: int = self.process.wait(30)
        self.frame()
        assert self.output.count(OPEN) == self.output.count(CLOSE) == 1
        assert self.output.endswith(CLOSE)
        assert termios.tcgetattr(self._terminal) == self.before
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._terminal)


@contextmanager
def screen(services: dict[str, str], *options: str, **variables: object) -> Iterator[Screen]:
    opened = Screen(with_variables(services, variables), *options)
    try:
        yield opened
    finally:
        opened.close()


@on("redis-redis", slow=("rabbitmq-sql",))
def test_a_screen_follows_the_service_and_q_leaves_the_terminal_as_it_was(
    workers: Workers, new_worker: Callable[..., Worker], services: dict[str, str], tmp_path: Path, proxy: Proxy
) -> None:
    worker = new_worker(HEALTH_LIMIT=12)  # twelve looks in it, of which the second tells that it is ready
    with screen(services, "--every", "0.5", BROKER_URL=proxy.url) as top:
        worker.wait(lambda: top.cells("runtime.") and top.cells("runtime.")[-3] == "ready")
        workers.console.call(publish, "tests.waits", str(tmp_path), "one", 50)
        worker.wait(lambda: "1/2" in top.cells("runtime."))
        (tmp_path / "go").touch()
        worker.wait(lambda: top.cells("tests.waits")[3:4] == ["1"] or top.cells("tests.waits")[5:6] == ["1"])
        proxy.cut()
        until(lambda: "asking again" in " ".join(top.frame().split()))
        assert "tests.waits" in top.frame()
        proxy.mend()
        until(lambda: "expected the broker" not in top.frame())
        worker.kill()
        until(lambda: "lost" in top.cells("runtime."))
        top.press("q")
        assert top.ended() == 0


@on("redis-redis")
@pytest.mark.parametrize(
    ("number", "code"),
    [pytest.param(signal.SIGINT, 0, marks=pytest.mark.slow), (signal.SIGTERM, 128 + signal.SIGTERM)],
)
def test_so_does_a_signal(services: dict[str, str], number: int, code: int) -> None:
    with screen(services, "--every", "60", BROKER_URL=f"redis://127.0.0.1:{free_port()}/0") as top:
        until(lambda: "asking again" in " ".join(top.frame().split()))
        top.process.send_signal(number)
        assert top.ended() == code


@on("redis-redis")
def test_a_broker_that_is_away_is_one_line(services: dict[str, str]) -> None:
    env = with_variables(services, {"BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"})
    done = subprocess.run(
        [*TOP, "--once"], env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("runtime: expected the broker at RUNTIME_BROKER_URL to answer, got: ")


def test_rates_are_of_workers_that_answered_twice_by_their_own_clocks() -> None:
    before = {"a": {"clock": 10.0, "ended": {"short": 5}}, "gone": {"clock": 1.0, "ended": {"short": 9}}}
    now = {"a": {"clock": 14.0, "ended": {"short": 7, "long": 1}}, "new": {"clock": 1.0, "ended": {"short": 9}}}
    assert _figures._rates(before, now) == {"short": 0.5, "long": 0.25}


def test_seconds_are_remembered_within_five_per_cent_and_bounded() -> None:
    runs = {0.2: 50, 3.0: 45, 40.0: 5}
    powers = Counter({_power(seconds): number for seconds, number in runs.items()})
    for share, expected in ((0.5, 0.2), (0.51, 3.0), (0.95, 3.0), (0.96, 40.0)):
        assert _figures._quantile(powers, share) == pytest.approx(expected, rel=0.05)
    assert _figures._quantile(Counter(), 0.5) is None
    tally = Tally()
    tally.powers.extend(range(10_000))
    assert len(tally.powers) == 500


def _power(seconds: float) -> int:
    return next(power for power in range(-100, 100) if seconds_of(power) * 1.05 > seconds)
