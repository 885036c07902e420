"""A circuit that all workers share: what one learns of a dependency holds for the others, and one alone probes it."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runtime import CircuitOpen, ConfigurationError
from runtime.breaker import CircuitBreakers
from runtime.settings import settings
from runtime.testing import Worker
from runtime.testing.processes import WORKER_PROCESSES

from .combinations import on
from .service.calls import publish
from .service.notes import count
from .service.tasks.dependency import CIRCUIT, calls, dependency

pytestmark = on("redis-redis")

RESET = 2
"""Seconds, as the service's variable says. A circuit notes when it was opened in whole ones."""

FAILURES = 5


class Process:
    """What a process of the service knows of a circuit, and the dependency behind it."""

    def __init__(self, redis: str, folder: Path, circuit: str) -> None:
        self.breakers = CircuitBreakers(settings().model_copy(update={"idempotency_url": redis}))
        self.folder, self.circuit = str(folder), circuit

    def call(self, run: Callable[..., Any] = dependency, transient: type[Exception] = ConnectionError) -> str:
        """How a call through the circuit ended."""
        try:
            with self.breakers.calling(self.circuit, (transient,)) as call:
                call(run, self.folder)
        except Exception as error:
            return type(error).__name__
        return "done"

    def calls(self, times: int, run: Callable[..., Any] = dependency) -> list[str]:
        """How several calls ended, one after the other."""
        return [self.call(run) for _ in range(times)]


def denies(folder: str) -> None:
    raise ValueError("it answers, and says no")


@pytest.fixture
def reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_BREAKER_RESET", str(RESET))


@pytest.fixture
def process(services: dict[str, str], tmp_path: Path, reset: None) -> Process:
    """One that has a circuit of its own."""
    return Process(services["RUNTIME_IDEMPOTENCY_URL"], tmp_path, f"c{uuid.uuid4().hex[:20]}")


@pytest.fixture
def beside(worker: Worker, services: dict[str, str], tmp_path: Path, reset: None) -> Process:
    """One that shares the worker's circuit, which is closed, whatever an earlier test has left."""
    process = Process(services["RUNTIME_IDEMPOTENCY_URL"], tmp_path, CIRCUIT)
    worker.wait(lambda: process.call() == "done")
    (tmp_path / "calls").unlink()
    return process


def ended(worker: Worker, ids: list[str], event: str) -> list[str]:
    """Those of which the worker's log tells this."""
    found = "\n".join(worker.lines(f'"event": "{event}"'))
    return [task_id for task_id in ids if task_id in found]


def probes(worker: Worker) -> int:
    """How often the worker has probed the dependency."""
    return len(worker.lines('"event": "circuit probed"'))


@on("redis-redis", "rabbitmq-redis")
def test_what_one_process_opens_is_open_for_the_others_and_a_success_closes_it(
    beside: Process, worker: Worker, tmp_path: Path
) -> None:
    before = probes(worker)
    (tmp_path / "down").touch()
    assert beside.calls(FAILURES + 2) == ["ConnectionError"] * FAILURES + ["CircuitOpen"] * 2
    ids = [worker.call(publish, "tests.calls", str(tmp_path)) for _ in range(6)]
    worker.wait(lambda: len(ended(worker, ids, "deferred")) == 6)
    assert count(tmp_path, "calls") <= FAILURES + probes(worker) - before
    (tmp_path / "down").unlink()
    worker.wait(lambda: len(ended(worker, ids, "done")) == 6)
    assert count(tmp_path, "calls") <= FAILURES + 6 + probes(worker) - before


@on("redis-redis", "rabbitmq-redis")
@pytest.mark.usefixtures("beside")
def test_while_it_is_down_one_run_at_a_time_probes_and_no_retry_is_used_up(worker: Worker, tmp_path: Path) -> None:
    before, began = probes(worker), time.monotonic()
    (tmp_path / "down").touch()
    ids = [worker.call(publish, "tests.calls", str(tmp_path)) for _ in range(20)]
    worker.wait(lambda: probes(worker) >= before + 3)
    assert time.monotonic() - began > 2 * RESET
    # Runs that had begun when the circuit opened have called too: no more than the worker has processes.
    assert count(tmp_path, "calls") <= FAILURES + WORKER_PROCESSES + probes(worker) - before
    (tmp_path / "down").unlink()

    def letters() -> list[str]:
        return [letter["id"] for letter in worker.command("dead", "list", "--json") if letter["id"] in ids]

    worker.wait(lambda: len(ended(worker, ids, "done")) + len(letters()) == 20)
    assert any(worker.lines(f"[{each}] retry: ") for each in ids)
    # By chance one may have probed so often that its own failures have used them up.
    assert {len(worker.lines(f"[{each}] retry: ")) for each in letters()} <= {calls.max_retries}


def test_of_many_that_come_at_once_one_probes(process: Process, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    process.calls(FAILURES)
    time.sleep(RESET)
    with ThreadPoolExecutor(8) as threads:
        ends = sorted(threads.map(lambda _: process.call(), range(8)))
    assert ends == ["CircuitOpen"] * 7 + ["ConnectionError"]


def test_a_probe_that_never_ends_is_followed_by_another(process: Process, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    process.calls(FAILURES)
    time.sleep(RESET)
    process.breakers.calling(process.circuit, ()).__enter__()
    assert process.call() == "CircuitOpen"
    time.sleep(RESET)
    assert process.call() == "ConnectionError"


def test_an_error_that_says_nothing_of_the_dependency_opens_nothing(process: Process, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    assert process.calls(FAILURES - 1) == ["ConnectionError"] * 4
    assert process.call(denies) == "ValueError"
    assert process.calls(FAILURES - 1) == ["ConnectionError"] * 4


def test_the_variables_say_how_many_failures_open_it_and_for_how_long(
    services: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_BREAKER_FAILURES", "2")
    monkeypatch.setenv("RUNTIME_BREAKER_RESET", "600")
    process = Process(services["RUNTIME_IDEMPOTENCY_URL"], tmp_path, f"c{uuid.uuid4().hex[:20]}")
    (tmp_path / "down").touch()
    assert process.calls(3) == ["ConnectionError"] * 2 + ["CircuitOpen"]
    with (
        pytest.raises(CircuitOpen, match=r"try again in \d+ s") as refused,
        process.breakers.calling(process.circuit, ()),
    ):
        pass
    assert 590 < refused.value.retry_after <= 600 + 300  # spread, so that deferred runs do not all come at once


def test_a_service_without_a_redis_for_it_does_not_start() -> None:
    elsewhere = {"broker_url": "sentinel://somewhere", "idempotency_url": "postgresql://somewhere"}
    with pytest.raises(ConfigurationError, match="expected a redis:// URL in"):
        CircuitBreakers(settings().model_copy(update=elsewhere)).check("tests.calls", "payments")


def test_without_its_redis_runs_pass(process: Process, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    process.calls(FAILURES)
    assert process.call() == "CircuitOpen"
    elsewhere = Process("redis://127.0.0.1:1/0", tmp_path, process.circuit)
    assert elsewhere.call() == "ConnectionError"
