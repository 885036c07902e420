"""What loses or repeats work with Celery's defaults, and does neither here."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from runtime.testing import Worker

from .combinations import each_broker
from .service.calls import publish
from .service.notes import count

pytestmark = each_broker

NewWorker = Callable[..., Worker]


def wait(worker: Worker, folder: Path, name: str, seconds: float = 0, countdown: float = 0) -> None:
    """Publish a run that begins after `countdown` and takes `seconds`, or until `folder/go` is there."""
    worker.call(publish, "tests.waits", str(folder), name, seconds, countdown=countdown)


def test_what_is_longer_than_a_lease_runs_once(worker: Worker, tmp_path: Path) -> None:
    lease = int(worker.env["RUNTIME_LEASE"])
    wait(worker, tmp_path, "long", seconds=2 * lease)
    wait(worker, tmp_path, "late", countdown=2 * lease)
    worker.wait(lambda: (tmp_path / "long.ended").exists() and (tmp_path / "late.ended").exists())
    assert count(tmp_path, "long.started") == 1
    assert count(tmp_path, "late.started") == 1


def test_a_countdown_that_a_killed_worker_held_comes_back(new_worker: NewWorker, tmp_path: Path) -> None:
    first = new_worker()
    first.wait(lambda: first.lines("ready."))  # the countdown has to outlast this worker's life, not its start as well
    wait(first, tmp_path, "late", countdown=6)
    wait(first, tmp_path, "behind_it")
    first.wait((tmp_path / "behind_it.ended").exists)
    first.kill()
    assert not (tmp_path / "late.started").exists()
    second = new_worker()
    second.wait((tmp_path / "late.ended").exists)
    assert count(tmp_path, "late.started") == 1


def test_a_task_whose_process_is_killed_is_run_by_another_one(new_worker: NewWorker, tmp_path: Path) -> None:
    worker = new_worker()
    wait(worker, tmp_path, "task", seconds=45)
    worker.wait(lambda: count(tmp_path, "task.started") == 1)
    killed = int((tmp_path / "task.started").read_text())
    os.kill(killed, signal.SIGKILL)
    (tmp_path / "go").touch()
    worker.wait((tmp_path / "task.ended").exists)
    assert count(tmp_path, "task.started") == 2
    assert count(tmp_path, "task.ended") == 1
    assert (tmp_path / "task.ended").read_text() != f"{killed}\n"


def test_a_cold_shutdown_requeues_at_once(new_worker: NewWorker, tmp_path: Path) -> None:
    first = new_worker(LEASE=600)
    wait(first, tmp_path, "task", seconds=45)
    first.wait((tmp_path / "task.started").exists)
    first.process.send_signal(signal.SIGQUIT)
    first.process.wait(30)
    assert not (tmp_path / "task.ended").exists()
    (tmp_path / "go").touch()
    second = new_worker(LEASE=600)
    second.wait((tmp_path / "task.ended").exists)
    assert count(tmp_path, "task.started") == 2
