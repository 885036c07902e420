"""Publishing ends within seconds: the broker has the message, or the caller knows that it may not."""

import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .proxy import Proxy

BROKER = "{{ package | upper }}_BROKER_URL"
TIMED = """
import json, time
from tests.probe import effect
began = time.monotonic()
try:
    effect.delay("never", "nowhere")
except Exception as error:
    print(json.dumps([type(error).__name__, str(error), time.monotonic() - began]))
"""


@pytest.fixture
def proxied(beside: Any, services: dict[str, str]) -> Iterator[tuple[Any, Proxy]]:
    """A Python whose way to the broker can be cut, and the proxy on that way."""
    with Proxy(services[BROKER]) as proxy:
        yield beside(BROKER_URL=proxy.url), proxy


def names(folder: Path) -> dict[str, int]:
    """How often each effect happened."""
    return {path.name: len(path.read_text().splitlines()) for path in folder.iterdir() if path.suffix == ".effect"}


def test_a_broker_that_refuses_is_an_error(proxied: Any) -> None:
    beside, proxy = proxied
    proxy.cut()
    error, text, seconds = beside.python(TIMED)
    assert error == "PublishError"
    assert "expected the broker to take tests.effect with id" in text
    assert seconds < 3


def test_a_broker_that_accepts_and_never_answers_is_an_error(proxied: Any) -> None:
    beside, proxy = proxied
    proxy.freeze()
    error, _, seconds = beside.python(TIMED)
    assert error == "PublishError"
    assert seconds < 3.5  # 3 s are promised; the rest is this machine's


def test_a_broker_that_falls_silent_is_an_error_and_its_connection_is_not_used_again(
    proxied: Any, worker: Any, tmp_path: Path
) -> None:
    beside, proxy = proxied
    mark = str(uuid.uuid4())
    publish = f"from tests.probe import effect; effect.delay('%s-{mark}.effect', {str(tmp_path)!r})"
    beside.python(publish % "before")
    proxy.freeze()
    error, _, seconds = beside.python(TIMED)
    assert error == "PublishError"
    assert seconds < 3.5
    proxy.thaw()
    beside.python(publish % "after")
    worker.wait(lambda: names(tmp_path) == {f"before-{mark}.effect": 1, f"after-{mark}.effect": 1})


def test_a_stale_connection_is_replaced(proxied: Any, worker: Any, tmp_path: Path) -> None:
    beside, proxy = proxied
    published = [f"{uuid.uuid4()}.effect" for _ in range(3)]
    for name in published:
        beside.python(f"from tests.probe import effect; effect.delay({name!r}, {str(tmp_path)!r})")
        proxy.drop()
    assert worker.wait(lambda: names(tmp_path) == dict.fromkeys(published, 1))


def test_a_name_with_two_addresses_is_an_error_as_soon(beside: Any, services: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    scheme = services[BROKER].partition(":")[0]
    error, _, seconds = beside(BROKER_URL=f"{scheme}://localhost:{port}").python(TIMED)
    assert error == "PublishError"
    assert seconds < 3


MANY = """
import json
from tests.probe import effect
from {{ package }}.publishing import publish_many
tasks = [(effect, dict(name="{mark}-%d.effect" % number, folder={folder!r})) for number in range({number})]
unconfirmed = publish_many(tasks)
print(json.dumps([[each.task, each.reason] for each in unconfirmed]))
"""


def test_many_are_published_at_once(worker: Any, tmp_path: Path) -> None:
    assert worker.python(MANY.format(mark=uuid.uuid4(), folder=str(tmp_path), number=120)) == []
    worker.wait(lambda: len(names(tmp_path)) == 120)


def test_what_was_not_confirmed_is_reported_and_can_be_published_again(
    proxied: Any, worker: Any, tmp_path: Path
) -> None:
    cut_off, proxy = proxied
    proxy.cut_after(60_000)
    mark = uuid.uuid4()
    unconfirmed = cut_off.python(MANY.format(mark=mark, folder=str(tmp_path), number=200))
    assert 0 < len(unconfirmed) <= 200
    assert {task for task, _ in unconfirmed} == {"tests.effect"}
    assert {reason for _, reason in unconfirmed} <= {"it was not sent", "it was not confirmed"}
    proxy.mend()
    assert cut_off.python("print(len(publish_many(each.signature for each in unconfirmed)))") == 0
    worker.wait(lambda: names(tmp_path) == {f"{mark}-{number}.effect": 1 for number in range(200)})
