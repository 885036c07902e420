"""A pool that could run nothing more is stuck; a worker that is busy is ready, and one that shuts down is alive."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.testing import Worker
from runtime.testing.processes import Workers

from .combinations import on
from .service.calls import publish, purge_queues
from .test_health import BOUND, LIMIT, VARIABLES, faults, live, ready
from .test_threads import Threaded

NewWorker = Callable[..., Worker]


@pytest.fixture(autouse=True)
def nothing_left(workers: Workers) -> Iterator[None]:
    """What a worker here is killed with would hang the worker of another test, too."""
    yield
    workers.console.call(purge_queues)


@pytest.fixture
def threaded(new_worker: NewWorker) -> Worker:
    """A worker with one thread, and short limits."""
    return new_worker(Threaded, **VARIABLES)


@on("redis-redis", slow=("rabbitmq-sql",))
def test_a_worker_that_is_busy_is_ready_and_one_that_ends_is_alive(new_worker: NewWorker, tmp_path: Path) -> None:
    worker = new_worker(HEALTH_LIMIT=1)
    for number in range(6):
        worker.call(publish, "tests.waits", str(tmp_path), str(number), 45)
    worker.wait(lambda: len(list(tmp_path.glob("*.started"))) == 2)
    worker.wait(lambda: ready(worker))
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        assert live(worker)
        time.sleep(0.05)
    worker.wait(lambda: ready(worker), BOUND)
    worker.process.terminate()
    worker.wait(lambda: faults(worker) == ["it is shutting down"], BOUND)
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        assert live(worker)
        time.sleep(0.05)
    assert not ready(worker)
    (tmp_path / "go").touch()
    worker.process.wait(30)
    assert faults(worker) == ["nothing runs here"]


@on("redis-redis")
def test_processes_that_take_no_tasks_are_a_stuck_pool(new_worker: NewWorker, tmp_path: Path) -> None:
    worker = new_worker(**VARIABLES)
    worker.wait(lambda: ready(worker))
    for _ in range(2):
        worker.call(publish, "tests.reads_nowhere")
    worker.wait(lambda: len(worker.lines("tests.reads_nowhere", "succeeded")) == 2)
    for number in range(2):
        worker.call(publish, "tests.waits", str(tmp_path), str(number), 0)
    worker.wait(lambda: faults(worker) == ["every slot of its pool hangs"], BOUND)
    worker.wait(lambda: not live(worker), LIMIT + BOUND)


@on("redis-redis")
def test_threads_beyond_their_limits_are_a_stuck_pool(threaded: Worker) -> None:
    threaded.wait(lambda: ready(threaded))
    threaded.call(publish, "tests.hangs", 60)
    threaded.wait(lambda: faults(threaded) == ["every slot of its pool hangs"], BOUND)
    threaded.wait(lambda: not live(threaded), LIMIT + BOUND)
