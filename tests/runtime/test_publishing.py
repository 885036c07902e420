"""Publishing ends within seconds: the broker has the message, or the caller knows that it may not."""

import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.testing import Worker
from runtime.testing.processes import Console

from .combinations import each_broker
from .proxy import Proxy
from .service.calls import publish, publish_effects, publish_timed, publish_unconfirmed

pytestmark = each_broker

BROKER = "RUNTIME_BROKER_URL"
NewConsole = Callable[..., Console]


@pytest.fixture
def proxied(way: tuple[Console, Proxy]) -> Iterator[tuple[Console, Proxy]]:
    """Open before the test, and afterwards."""
    yield way
    way[1].thaw()
    way[1].mend()


def names(folder: Path) -> dict[str, int]:
    """How often each effect happened."""
    return {path.name: len(path.read_text().splitlines()) for path in folder.iterdir() if path.suffix == ".effect"}


def test_a_broker_that_refuses_is_an_error(proxied: tuple[Console, Proxy]) -> None:
    console, proxy = proxied
    proxy.cut()
    error, text, seconds = console.call(publish_timed)
    assert error == "PublishError"
    assert "expected the broker to take tests.effect with id" in text
    assert seconds < 3


def test_a_broker_that_accepts_and_never_answers_is_an_error(proxied: tuple[Console, Proxy]) -> None:
    console, proxy = proxied
    proxy.drop()  # there is no connection from before
    proxy.freeze()
    error, _, seconds = console.call(publish_timed)
    assert error == "PublishError"
    assert seconds < 3.5  # 3 s are promised; the rest is this machine's


def test_the_time_is_the_one_of_the_settings(new_console: NewConsole, proxy: Proxy) -> None:
    proxy.freeze()
    console = new_console(BROKER_URL=proxy.url, PUBLISH_TIMEOUT=0.5, ATTEMPT_TIMEOUT=0.5)
    error, _, seconds = console.call(publish_timed)
    assert error == "PublishError"
    assert 0.5 <= seconds < 2


def test_a_broker_that_falls_silent_is_an_error_and_its_connection_is_not_used_again(
    proxied: tuple[Console, Proxy], worker: Worker, tmp_path: Path
) -> None:
    console, proxy = proxied
    before, after = f"before-{uuid.uuid4()}.effect", f"after-{uuid.uuid4()}.effect"
    console.call(publish, "tests.effect", before, str(tmp_path))
    proxy.freeze()
    error, _, seconds = console.call(publish_timed)
    assert error == "PublishError"
    assert seconds < 3.5
    proxy.thaw()
    console.call(publish, "tests.effect", after, str(tmp_path))
    worker.wait(lambda: names(tmp_path) == {before: 1, after: 1})


def test_a_stale_connection_is_replaced(proxied: tuple[Console, Proxy], worker: Worker, tmp_path: Path) -> None:
    console, proxy = proxied
    published = [f"{uuid.uuid4()}.effect" for _ in range(3)]
    for name in published:
        console.call(publish, "tests.effect", name, str(tmp_path))
        proxy.drop()
    assert worker.wait(lambda: names(tmp_path) == dict.fromkeys(published, 1))


def test_a_name_with_two_addresses_is_an_error_as_soon(new_console: NewConsole, services: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    scheme = services[BROKER].partition(":")[0]
    error, _, seconds = new_console(BROKER_URL=f"{scheme}://localhost:{port}").call(publish_timed)
    assert error == "PublishError"
    assert seconds < 3


def test_many_are_published_at_once(worker: Worker, tmp_path: Path) -> None:
    assert worker.call(publish_effects, str(uuid.uuid4()), str(tmp_path), 120) == []
    worker.wait(lambda: len(names(tmp_path)) == 120)


def test_what_was_not_confirmed_is_reported_and_can_be_published_again(
    proxied: tuple[Console, Proxy], worker: Worker, tmp_path: Path
) -> None:
    console, proxy = proxied
    proxy.cut_after(60_000)
    mark = str(uuid.uuid4())
    unconfirmed = console.call(publish_effects, mark, str(tmp_path), 200)
    assert 0 < len(unconfirmed) <= 200
    assert {task for task, _ in unconfirmed} == {"tests.effect"}
    assert {reason for _, reason in unconfirmed} <= {"it was not sent", "it was not confirmed"}
    proxy.mend()
    assert console.call(publish_unconfirmed) == 0
    worker.wait(lambda: names(tmp_path) == {f"{mark}-{number}.effect": 1 for number in range(200)})
