"""On RabbitMQ a delayed message arrives at a queue that no worker has declared, and at one that the broker has lost."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kombu import Connection

from runtime.testing.processes import Console
from runtime.testing.servers.process import until

from .combinations import on
from .proxy import Proxy
from .service.calls import publish_delayed

pytestmark = on("rabbitmq-sql")


class Delayed:
    """A queue that only the publisher knows, and the publisher."""

    def __init__(self, console: Console, channel: Any) -> None:
        self.name = str(uuid.uuid4())
        self._console, self._channel = console, channel

    def publish(self, **options: Any) -> None:
        self._console.call(publish_delayed, self.name, **options)

    def waiting(self) -> int:
        """The messages in it."""
        count: int = self._channel.queue_declare(f"runtime.{self.name}", passive=True).message_count
        return count

    def delete(self) -> None:
        self._channel.queue_delete(f"runtime.{self.name}")


@pytest.fixture
def delayed(way: tuple[Console, Proxy], services: dict[str, str]) -> Iterator[Delayed]:
    console, proxy = way
    proxy.drop()  # what is declared once for each connection is declared again
    with Connection(services["RUNTIME_BROKER_URL"]) as connection:
        delayed = Delayed(console, connection.default_channel)
        yield delayed
        delayed.delete()


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_a_countdown_reaches_a_queue_that_no_worker_has_declared(delayed: Delayed, many: bool) -> None:
    delayed.publish(countdown=1, many=many)
    until(lambda: delayed.waiting() == 1)


@pytest.mark.parametrize("when", [{"countdown": 0.2}, {"eta_in": 0.2}, {"countdown": 1.7}], ids=str)
def test_any_delay_will_do(delayed: Delayed, when: dict[str, float]) -> None:
    delayed.publish(**when)
    until(lambda: delayed.waiting() == 1)


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_a_countdown_reaches_a_queue_that_the_broker_has_lost(
    way: tuple[Console, Proxy], delayed: Delayed, many: bool
) -> None:
    delayed.publish(countdown=1, many=many)
    delayed.delete()
    way[1].drop()
    delayed.publish(countdown=1, many=many)
    until(delayed.waiting)
