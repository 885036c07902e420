"""The broker goes away in the middle: what runs is not repeated by halves, and no retry is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.testing import Worker

from .combinations import each_broker
from .proxy import Proxy
from .service.calls import publish, publish_chain
from .service.notes import count

pytestmark = each_broker

NewWorker = Callable[..., Worker]


def test_a_connection_that_drops_costs_no_second_effect(proxy: Proxy, new_worker: NewWorker, tmp_path: Path) -> None:
    worker = new_worker(BROKER_URL=proxy.url)
    worker.call(publish, "tests.waits", str(tmp_path), "task", 45)
    worker.wait((tmp_path / "task.started").exists)
    proxy.drop()
    worker.wait(lambda: count(tmp_path, "task.started") == 2)
    (tmp_path / "go").touch()
    worker.wait((tmp_path / "task.ended").exists)
    worker.call(publish, "tests.waits", str(tmp_path), "last", 0)
    worker.wait((tmp_path / "last.ended").exists)
    assert count(tmp_path, "task.ended") == 1


def publish_retried(folder: str) -> None:
    """A run that waits, and then asks for a retry."""
    publish("tests.waits", folder, "task", 45, True)


@pytest.mark.parametrize(
    ("published", "requeued", "last"),
    [
        (publish_retried, "reject requeue=True", "task.ended"),
        (publish_chain, '"requeued"', "next.ended"),
    ],
    ids=["a retry", "the next task of a chain"],
)
def test_what_a_run_cannot_publish_is_not_lost(
    proxy: Proxy, new_worker: NewWorker, tmp_path: Path, published: Callable[[str], Any], requeued: str, last: str
) -> None:
    worker = new_worker(BROKER_URL=proxy.url)
    worker.call(published, str(tmp_path))
    worker.wait((tmp_path / "task.started").exists)
    proxy.freeze()
    (tmp_path / "go").touch()
    worker.wait(lambda: worker.lines(requeued, "expected the broker to take tests.waits"))
    proxy.drop()
    proxy.thaw()
    worker.wait((tmp_path / last).exists)
    assert count(tmp_path, last) == 1
    worker.kill()  # a warm end would wait 30 s for the process that Celery struck when it lost the connection
