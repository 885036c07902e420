"""The broker goes away in the middle: what runs is not repeated by halves, and no retry is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .proxy import Proxy
from .test_shutdown import count


@pytest.fixture
def proxy(services: dict[str, str]) -> Iterator[Proxy]:
    """The worker's way to the broker."""
    with Proxy(services["{{ package | upper }}_BROKER_URL"]) as proxy:
        yield proxy


def test_a_connection_that_drops_costs_no_second_effect(proxy: Proxy, new_worker: Any, tmp_path: Path) -> None:
    worker = new_worker(BROKER_URL=proxy.url)
    worker.python(f"from tests.probe_ends import waits; waits.delay({str(tmp_path)!r}, 'task', 45)")
    worker.wait((tmp_path / "task.started").exists)
    proxy.drop()
    worker.wait(lambda: count(tmp_path, "task.started") == 2)
    (tmp_path / "go").touch()
    worker.wait((tmp_path / "task.ended").exists)
    worker.python(f"from tests.probe_ends import waits; waits.delay({str(tmp_path)!r}, 'last', 0)")
    worker.wait((tmp_path / "last.ended").exists)
    assert count(tmp_path, "task.ended") == 1


@pytest.mark.parametrize(
    ("code", "given_back", "last"),
    [
        ("waits.delay({folder!r}, 'task', 3, retries=True)", "reject requeue=True", "task.ended"),
        ("(waits.si({folder!r}, 'task', 3) | waits.si({folder!r}, 'next', 0)).delay()", '"given back"', "next.ended"),
    ],
    ids=["a retry", "the next task of a chain"],
)
def test_what_a_run_cannot_publish_is_not_lost(
    proxy: Proxy, new_worker: Any, tmp_path: Path, code: str, given_back: str, last: str
) -> None:
    worker = new_worker(BROKER_URL=proxy.url)
    worker.python("from tests.probe_ends import waits\n" + code.format(folder=str(tmp_path)))
    worker.wait((tmp_path / "task.started").exists)
    proxy.freeze()
    worker.wait(lambda: worker.lines(given_back, "expected the broker to take tests.waits"))
    proxy.drop()
    proxy.thaw()
    worker.wait((tmp_path / last).exists)
    assert count(tmp_path, last) == 1
    worker.kill()  # a warm end would wait 30 s for the process that Celery struck when it lost the connection
