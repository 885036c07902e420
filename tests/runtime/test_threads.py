"""A pool of threads lets go of a message whatever happens after the run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from billiard.exceptions import WorkerLostError

from runtime.testing import Worker
from runtime.worker.threads import TaskPool

from .combinations import each_broker
from .proxy import Proxy
from .service.calls import publish_chain


class Threaded(Worker):
    """A worker with one thread."""

    module = f"{__package__}.service.threads"


@pytest.fixture
def threaded(new_worker: Callable[..., Worker], proxy: Proxy) -> Worker:
    """A worker with one thread, whose way to the broker is the proxy."""
    return new_worker(Threaded, BROKER_URL=proxy.url)


@each_broker
def test_what_a_run_cannot_publish_is_requeued_at_once(threaded: Worker, proxy: Proxy, tmp_path: Path) -> None:
    threaded.call(publish_chain, str(tmp_path))
    threaded.wait((tmp_path / "task.started").exists)
    proxy.freeze()
    (tmp_path / "go").touch()
    threaded.wait(lambda: threaded.lines('"requeued"', "expected the broker to take tests.waits"))
    proxy.thaw()
    # Once or twice: the broker may have taken the publish that it did not confirm.
    threaded.wait((tmp_path / "next.ended").exists)

    def slots() -> list[tuple[int, int]]:
        rows = threaded.command("top", "--json", "--every", "0.5")["workers"]
        return [(row["busy"], row["slots"]) for row in rows]

    threaded.wait(lambda: slots() == [(0, 1)])


@pytest.mark.parametrize(
    ("raised", "reported"), [(ConnectionError("away"), ConnectionError), (SystemExit(1), WorkerLostError)], ids=repr
)
def test_an_error_outside_the_task_is_a_failed_run(raised: BaseException, reported: type[BaseException]) -> None:
    def trace() -> None:
        raise raised

    ends: list[Any] = []
    pool = TaskPool(limit=1)
    pool.on_apply(trace, (), {}, ends.append).wait()
    pool.on_stop()
    ((failed, info, _),) = ends
    assert failed
    assert isinstance(getattr(info.exception, "exc", info.exception), reported)
