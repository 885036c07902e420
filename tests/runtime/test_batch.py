"""What a batch of publishes says of a message that RabbitMQ does not take."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kombu import Connection

from runtime.brokers.rabbitmq.batch import WINDOW, RabbitmqBatchPublisher

from .combinations import on

pytestmark = on("rabbitmq-sql")


@pytest.fixture
def connection(services: dict[str, str]) -> Iterator[Any]:
    """A connection as the service's publishers have it."""
    options = {"confirm_publish": True, "read_timeout": 10}
    with Connection(services["RUNTIME_BROKER_URL"], transport_options=options) as connection:
        yield connection


@pytest.fixture
def full(connection: Any) -> Iterator[str]:
    """A queue with room for three messages."""
    name = str(uuid.uuid4())
    arguments = {"x-max-length": 3, "x-overflow": "reject-publish"}
    connection.default_channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
    yield name
    with connection.clone() as fresh:
        fresh.default_channel.queue_delete(name)


def publish(connection: Any, queue: str, number: int) -> dict[str, str]:
    """Publish messages, and return what was said of each."""
    said: dict[str, str] = {}
    with RabbitmqBatchPublisher(connection.clone(), said.__setitem__) as batch:
        for each in range(number):
            batch.producer.publish("{}", routing_key=queue, headers={"id": str(each)}, retry=False)
            batch.sent(str(each))
    return said


def test_a_queue_that_is_full_says_which_it_refused(connection: Any, full: str) -> None:
    said = publish(connection, full, 8)
    assert [bool(said[str(each)]) for each in range(8)] == [False] * 3 + [True] * 5
    assert "refused it" in said["7"]


def test_a_message_without_a_queue_comes_back(connection: Any) -> None:
    said = publish(connection, str(uuid.uuid4()), 2)
    assert list(said) == ["0", "1"]
    assert all("it was returned" in problem for problem in said.values())


def test_more_than_a_window_is_confirmed(connection: Any, full: str) -> None:
    assert len(publish(connection, full, WINDOW + WINDOW // 2)) == WINDOW + WINDOW // 2
