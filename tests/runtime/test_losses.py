"""What loses or repeats work with Celery's defaults, and does neither here."""

import os
import signal
from pathlib import Path
from typing import Any

from .test_shutdown import count

WAIT = "from tests.probe_ends import waits; waits.apply_async(({folder!r}, {name!r}, {seconds}), countdown={countdown})"


def publish(worker: Any, folder: Path, name: str, seconds: float = 0, countdown: float = 0) -> None:
    """A task that begins after `countdown` and takes `seconds`, or until `folder/go` is there."""
    worker.python(WAIT.format(folder=str(folder), name=name, seconds=seconds, countdown=countdown))


def test_what_is_longer_than_a_lease_runs_once(worker: Any, tmp_path: Path) -> None:
    lease = 3
    publish(worker, tmp_path, "long", seconds=3 * lease)
    publish(worker, tmp_path, "late", countdown=3 * lease)
    worker.wait(lambda: (tmp_path / "long.ended").exists() and (tmp_path / "late.ended").exists())
    assert count(tmp_path, "long.started") == 1
    assert count(tmp_path, "late.started") == 1


def test_a_countdown_that_a_killed_worker_held_comes_back(new_worker: Any, tmp_path: Path) -> None:
    first = new_worker()
    first.wait(lambda: first.lines("ready."))  # the countdown has to outlast this worker's life, not its start as well
    publish(first, tmp_path, "late", countdown=15)
    publish(first, tmp_path, "behind_it")
    first.wait((tmp_path / "behind_it.ended").exists)
    first.kill()
    assert not (tmp_path / "late.started").exists()
    second = new_worker()
    second.wait((tmp_path / "late.ended").exists)
    assert count(tmp_path, "late.started") == 1


def test_a_task_whose_process_is_killed_is_run_by_another_one(new_worker: Any, tmp_path: Path) -> None:
    worker = new_worker()
    publish(worker, tmp_path, "task", seconds=45)
    worker.wait(lambda: count(tmp_path, "task.started") == 1)
    killed = int((tmp_path / "task.started").read_text())
    os.kill(killed, signal.SIGKILL)
    (tmp_path / "go").touch()
    worker.wait((tmp_path / "task.ended").exists)
    assert count(tmp_path, "task.started") == 2
    assert count(tmp_path, "task.ended") == 1
    assert (tmp_path / "task.ended").read_text() != f"{killed}\n"


def test_a_cold_shutdown_gives_back_at_once(new_worker: Any, tmp_path: Path) -> None:
    unreachable = {"LEASE": 600}
    first = new_worker(**unreachable)
    publish(first, tmp_path, "task", seconds=45)
    first.wait((tmp_path / "task.started").exists)
    first.process.send_signal(signal.SIGQUIT)
    first.process.wait(30)
    assert not (tmp_path / "task.ended").exists()
    (tmp_path / "go").touch()
    second = new_worker(**unreachable)
    second.wait((tmp_path / "task.ended").exists)
    assert count(tmp_path, "task.started") == 2


def test_two_workers_share_a_host(new_worker: Any) -> None:
    both = [new_worker(), new_worker()]
    assert both[1].wait(lambda: len(both[1].lines("ready.")) == 2)  # one log is both's
    assert [worker.process.poll() for worker in both] == [None, None]
