"""A delayed message arrives at a queue that no worker has ever declared, and at one that the broker has lost."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .proxy import Proxy

SETUP = """
import json
from {{ package }}.broker import task_queues
from {{ package }}.publishing import publish_many
from {{ package }}.queue_class import QueueClass
from {{ package }}.settings import settings
from tests.probe import app, effect

(queue,) = task_queues(settings(), [QueueClass({name!r}, longest_run=10)])
app.amqp.queues.add(queue)
delayed = effect.s("never", "nowhere").set(countdown=1, queue=queue.name)

def broker():
    return queue.bind(app.connection_for_read().default_channel)
"""
WAYS = ["delayed.apply_async()", "assert publish_many([delayed]) == []"]


@pytest.fixture
def proxied(beside: Any, services: dict[str, str]) -> Iterator[tuple[Any, Proxy]]:
    """A Python with a queue of its own, whose way to the broker can be cut."""
    with Proxy(services["{{ package | upper }}_BROKER_URL"]) as proxy:
        console = beside(BROKER_URL=proxy.url)
        console.python(SETUP.format(name=str(uuid.uuid4())))
        yield console, proxy
        console.python("broker().delete()")


def waiting(console: Any) -> int:
    """The messages in the queue."""
    found: int = console.python("print(broker().queue_declare(passive=True).message_count)")
    return found


def seen(happened: Callable[[], Any]) -> bool:
    """Whether it happens within half a minute."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("publish", WAYS, ids=["one", "many"])
def test_a_countdown_reaches_a_queue_that_no_worker_has_declared(proxied: Any, publish: str) -> None:
    console, _ = proxied
    console.python(publish)
    assert seen(lambda: waiting(console) == 1)


@pytest.mark.parametrize("when", ["countdown=0.2", "eta=app.now() + timedelta(seconds=0.2)", "countdown=1.7"])
def test_any_delay_will_do(proxied: Any, when: str) -> None:
    console, _ = proxied
    console.python(f"from datetime import timedelta; delayed.apply_async({when})")
    assert seen(lambda: waiting(console) == 1)


@pytest.mark.parametrize("publish", WAYS, ids=["one", "many"])
def test_a_countdown_reaches_a_queue_that_the_broker_has_lost(proxied: Any, publish: str) -> None:
    console, proxy = proxied
    console.python(publish)
    console.python("broker().delete()")
    proxy.drop()
    console.python(publish)
    assert seen(lambda: waiting(console))
