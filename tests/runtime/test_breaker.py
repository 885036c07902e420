"""A circuit that all workers share: what one learns of a dependency holds for the others, and one alone tries it."""

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from {{ package }}.breaker import check_breaker
from {{ package }}.errors import ConfigurationError
from {{ package }}.settings import settings

CALL = """
import json, logging, structlog
from {{ package }} import breaker
from {{ package }}.breaker import admission
from tests.probe_breaker import CIRCUIT, dependency

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # stdout is for answers

def call(run, *arguments):
    try:
        with admission(CIRCUIT, (ConnectionError,)) as through:
            through(run, *arguments)
    except Exception as error:
        return type(error).__name__
    return "done"

def says_no():
    raise ValueError("it answers, and says no")
"""
DEPENDENCY = "dependency, {folder!r}"
RESET = 3
"""Seconds, as `probe_breaker` has it."""
PUBLISH = """
from tests.probe_breaker import calls
for task_id in {ids!r}:
    calls.apply_async(({folder!r},), task_id=task_id)
"""


@pytest.fixture
def other(beside: Callable[..., Any], worker: Any, tmp_path: Path) -> Any:
    """A process beside the worker; the circuit is closed, whatever an earlier test has left."""
    console = beside()
    console.python(CALL)
    worker.wait(lambda: called(console, DEPENDENCY, tmp_path) == ["done"])
    (tmp_path / "calls").unlink()
    return console


def called(console: Any, run: str, folder: Path, times: int = 1) -> Any:
    """How each of several calls through the circuit ended, one after the other."""
    call = f"call({run.format(folder=str(folder))})"
    return console.python(f"print(json.dumps([{call} for _ in range({times})]))")


def publish(worker: Any, folder: Path, number: int) -> list[str]:
    """Publish tasks that call the dependency; their ids."""
    ids = [str(uuid.uuid4()) for _ in range(number)]
    worker.python(PUBLISH.format(ids=ids, folder=str(folder)))
    return ids


def ended(worker: Any, ids: list[str], event: str) -> list[str]:
    """Those of which the worker's log tells this."""
    said = "\n".join(worker.lines(f'"event": "{event}"'))
    return [task_id for task_id in ids if task_id in said]


def tries(worker: Any) -> int:
    """How often the worker has tried the dependency again."""
    return len(worker.lines('"event": "circuit tried"'))


def count(folder: Path) -> int:
    """How often the dependency was called."""
    path = folder / "calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_what_one_process_opens_is_open_for_the_others_and_a_success_closes_it(
    other: Any, worker: Any, tmp_path: Path
) -> None:
    before = tries(worker)
    (tmp_path / "down").touch()
    assert called(other, DEPENDENCY, tmp_path, times=7) == ["ConnectionError"] * 5 + ["CircuitOpen"] * 2
    ids = publish(worker, tmp_path, 6)
    worker.wait(lambda: len(ended(worker, ids, "later")) == 6)
    assert count(tmp_path) <= 5 + tries(worker) - before
    (tmp_path / "down").unlink()
    worker.wait(lambda: len(ended(worker, ids, "done")) == 6)
    assert count(tmp_path) <= 5 + 6 + tries(worker) - before


def test_while_it_is_down_one_run_at_a_time_tries_and_no_retry_is_used_up(
    other: Any, worker: Any, tmp_path: Path
) -> None:
    before, began = tries(worker), time.monotonic()
    (tmp_path / "down").touch()
    ids = publish(worker, tmp_path, 20)
    worker.wait(lambda: tries(worker) >= before + 3)
    assert time.monotonic() - began > 2 * RESET
    # Runs that had begun when the circuit opened have called too: no more than the worker has processes.
    assert count(tmp_path) <= 5 + (os.cpu_count() or 1) + tries(worker) - before
    (tmp_path / "down").unlink()
    worker.wait(lambda: len(ended(worker, ids, "done")) == 20)
    assert [letter for letter in worker.command("dead", "list", "--json") if letter["id"] in ids] == []


def test_of_many_that_come_at_once_one_tries(other: Any, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    called(other, DEPENDENCY, tmp_path, times=5)
    time.sleep(RESET)
    other.python("from concurrent.futures import ThreadPoolExecutor")
    at_once = f"ThreadPoolExecutor(8).map(lambda _: call({DEPENDENCY.format(folder=str(tmp_path))}), range(8))"
    assert sorted(other.python(f"print(json.dumps(list({at_once})))")) == ["CircuitOpen"] * 7 + ["ConnectionError"]


def test_a_try_that_is_never_heard_of_again_is_followed_by_another(other: Any, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    called(other, DEPENDENCY, tmp_path, times=5)
    time.sleep(RESET)
    other.python("admission(CIRCUIT, ()).__enter__()")
    assert called(other, DEPENDENCY, tmp_path) == ["CircuitOpen"]
    time.sleep(RESET)
    assert called(other, DEPENDENCY, tmp_path) == ["ConnectionError"]


def test_an_error_that_says_nothing_of_the_dependency_opens_nothing(other: Any, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    assert called(other, DEPENDENCY, tmp_path, times=4) == ["ConnectionError"] * 4
    assert called(other, "says_no", tmp_path) == ["ValueError"]
    assert called(other, DEPENDENCY, tmp_path, times=4) == ["ConnectionError"] * 4


def test_a_worker_without_a_redis_for_it_does_not_start() -> None:
    elsewhere = {"broker_url": "sentinel://somewhere", "idempotency_url": "postgresql://somewhere"}
    with pytest.raises(ConfigurationError, match="expected a redis:// URL in"):
        check_breaker("tests.calls", "payments", settings().model_copy(update=elsewhere))


def test_without_its_redis_runs_pass(other: Any, tmp_path: Path) -> None:
    (tmp_path / "down").touch()
    called(other, DEPENDENCY, tmp_path, times=5)
    assert called(other, DEPENDENCY, tmp_path) == ["CircuitOpen"]
    other.python("breaker._url = lambda settings: 'redis://127.0.0.1:1/0'")
    assert called(other, DEPENDENCY, tmp_path) == ["ConnectionError"]
