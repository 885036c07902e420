"""SIGTERM: what can finish does, the rest is requeued, and the next worker carries on."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.testing import Worker

from .combinations import each_broker
from .service.calls import pool_processes, publish
from .service.notes import count

pytestmark = each_broker

NewWorker = Callable[..., Worker]


def test_running_tasks_finish_and_stragglers_are_requeued(new_worker: NewWorker, tmp_path: Path) -> None:
    first = new_worker(SHUTDOWN_LIMIT=3)
    tasks = {"short": 1, "long": 45, "queued_1": 0, "queued_2": 0, "queued_3": 0}
    for name, seconds in tasks.items():
        first.call(publish, "tests.waits", str(tmp_path), name, seconds)
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
    new_worker: NewWorker, tmp_path: Path, padding: int
) -> None:
    worker = new_worker()
    processes = worker.wait(lambda: worker.call(pool_processes))
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    # A pipe to a process holds 64 KiB. `Path` leaves the dots out.
    task_id = worker.call(publish, "tests.waits", str(tmp_path) + padding * "/.", "task", 0)
    worker.wait(lambda: worker.lines(task_id, "received"))
    time.sleep(0.5)  # for the message to go on its way to a process
    worker.process.terminate()
    worker.wait(lambda: worker.lines("Warm shutdown"))
    time.sleep(1)  # for the shutdown to reach what Celery's pool would forget
    for process in processes:
        os.kill(process, signal.SIGCONT)
    assert worker.process.wait(30) == 0
    second = new_worker()
    second.call(publish, "tests.waits", str(tmp_path), "last", 0)
    second.wait(lambda: count(tmp_path, "last.ended"))
    assert count(tmp_path, "task.started") == 1


def test_two_workers_share_a_host_and_end_at_once_without_tasks(new_worker: NewWorker) -> None:
    both = [new_worker(), new_worker()]
    assert both[1].wait(lambda: len(both[1].lines("ready.")) == 2)  # one log is both's
    assert [worker.process.poll() for worker in both] == [None, None]
    for worker in both:
        worker.process.terminate()
    assert [worker.process.wait(20) for worker in both] == [0, 0]
