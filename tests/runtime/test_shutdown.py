"""SIGTERM: what can finish does, the rest is given back, and the next worker carries on."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

WAIT = "from tests.probe_ends import waits; waits.delay({folder!r}, {name!r}, {seconds})"

STATS = "import json; from {{ package }}.app import app; print(json.dumps(app.control.inspect().stats() or {}))"


def count(folder: Path, name: str) -> int:
    """How many lines a task has left."""
    path = folder / name
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_running_tasks_finish_and_stragglers_are_given_back(new_worker: Any, tmp_path: Path) -> None:
    first = new_worker(SHUTDOWN_LIMIT=4)
    tasks = {"short": 2, "long": 45, "queued_1": 0, "queued_2": 0, "queued_3": 0}
    for name, seconds in tasks.items():
        first.python(WAIT.format(folder=str(tmp_path), name=name, seconds=seconds))
        if name in ("short", "long"):
            first.wait((tmp_path / f"{name}.started").exists)
    first.process.terminate()
    first.process.wait(30)
    assert count(tmp_path, "short.ended") == 1
    assert count(tmp_path, "long.ended") == 0

    (tmp_path / "go").touch()
    second = new_worker()
    second.wait(lambda: all(count(tmp_path, f"{name}.ended") for name in tasks))
    assert {name: count(tmp_path, f"{name}.ended") for name in tasks} == dict.fromkeys(tasks, 1)
    assert count(tmp_path, "short.started") == 1
    assert count(tmp_path, "long.started") == 2


@pytest.mark.parametrize("padding", [0, 100_000], ids=["handed over", "on its way"])
def test_a_task_that_its_process_has_not_begun_is_not_repeated(
    new_worker: Any, beside: Any, tmp_path: Path, padding: int
) -> None:
    worker, publisher = new_worker(), beside(PAYLOAD_LIMIT=1_000_000)
    (pool,) = [stats["pool"] for stats in worker.wait(lambda: worker.python(STATS)).values()]
    for process in pool["processes"]:
        os.kill(process, signal.SIGSTOP)
    # A pipe to a process holds 64 KiB. `Path` leaves the dots out.
    publisher.python(WAIT.format(folder=str(tmp_path) + padding * "/.", name="task", seconds=0))
    worker.wait(lambda: worker.lines("tests.waits", "received"))
    time.sleep(0.5)
    worker.process.terminate()
    worker.wait(lambda: worker.lines("Warm shutdown"))
    time.sleep(1)
    for process in pool["processes"]:
        os.kill(process, signal.SIGCONT)
    assert worker.process.wait(30) == 0
    second = new_worker()
    second.python(WAIT.format(folder=str(tmp_path), name="last", seconds=0))
    second.wait(lambda: count(tmp_path, "last.ended"))
    assert count(tmp_path, "task.started") == 1


def test_a_worker_without_tasks_ends_at_once(new_worker: Any) -> None:
    worker = new_worker()
    worker.wait(lambda: worker.lines("ready."))
    worker.process.terminate()
    assert worker.process.wait(20) == 0
