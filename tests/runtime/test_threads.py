"""A pool of threads lets go of a message whatever happens after the run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from billiard.exceptions import WorkerLostError

from {{ package }}.threads import TaskPool

from .processes import Worker
from .proxy import Proxy
from .test_shutdown import count

WORK = """
from dataclasses import replace
from tests import probe
from {{ package }}.queues import Queue
from {{ package }}.worker import run

run([replace(queue.value, pool="threads", concurrency=1) for queue in Queue])
"""
BROKER = "{{ package | upper }}_BROKER_URL"


class Threaded(Worker):
    """A worker with one thread."""

    called = ("-c", WORK)


@pytest.fixture
def threaded(workers: Any, services: dict[str, str], tmp_path: Path) -> Iterator[tuple[Worker, Proxy]]:
    """A worker with one thread, and its way to the broker."""
    workers.stop()
    with Proxy(services[BROKER]) as proxy:
        worker = Threaded({**services, BROKER: proxy.url}, tmp_path, workers.console)
        with worker:
            yield worker, proxy
            worker.kill()


def test_what_a_run_cannot_publish_is_given_back_at_once(threaded: tuple[Worker, Proxy], tmp_path: Path) -> None:
    worker, proxy = threaded
    steps = [f"waits.si({str(tmp_path)!r}, {name!r}, 3)" for name in ("task", "next")]
    worker.python(f"from tests.probe_ends import waits; ({' | '.join(steps)}).delay()")
    worker.wait((tmp_path / "task.started").exists)
    proxy.freeze()
    worker.wait(lambda: worker.lines('"given back"', "expected the broker to take tests.waits"))
    (tmp_path / "go").touch()
    proxy.thaw()
    worker.wait((tmp_path / "next.ended").exists)
    assert count(tmp_path, "next.ended") == 1


@pytest.mark.parametrize(
    ("raised", "heard"), [(ConnectionError("away"), ConnectionError), (SystemExit(1), WorkerLostError)], ids=repr
)
def test_an_error_outside_the_task_is_a_failed_run(raised: BaseException, heard: type[BaseException]) -> None:
    def trace() -> None:
        raise raised

    ends: list[Any] = []
    pool = TaskPool(limit=1)
    pool.on_apply(trace, (), {}, ends.append).wait()
    pool.on_stop()
    ((failed, info, _),) = ends
    assert failed
    assert isinstance(getattr(info.exception, "exc", info.exception), heard)
