"""What lies in a queue of Redis and is no message, because another program has put it there, is kept byte for byte."""

import base64
import uuid
from typing import Any

import pytest
from redis import Redis

from runtime.testing import Worker

from .combinations import on
from .service.queues import Queue


@on("redis-redis")
def test_what_is_no_message_is_a_dead_letter(worker: Worker) -> None:
    raw, queue = b"\xffno message " + uuid.uuid4().bytes, Queue.SHORT.value
    body = base64.b64encode(raw).decode()

    def letters(reason: str) -> list[Any]:
        found = worker.command("dead", "list", "--json", "--reason", reason)
        return [letter for letter in found if letter["body"] == body]

    with Redis.from_url(worker.env["RUNTIME_BROKER_URL"]) as client:
        client.lpush(queue.wire_name, raw)
    (letter,) = worker.wait(lambda: letters("malformed"))
    assert letter["reason"] == "Malformed: this is no message"
    assert (letter["queue"], letter["task"], letter["args"], letter["kwargs"]) == (queue.name, "", [], {})
    assert worker.command("dead", "show", letter["id"]) == letter

    with pytest.raises(AssertionError):  # there is no message to publish
        worker.command("dead", "replay", letter["id"], "--json")
    assert letters("malformed") == [letter]

    worker.command("dead", "purge", letter["id"], "--json")
    assert letters("") == []
