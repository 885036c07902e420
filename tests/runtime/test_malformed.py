"""What lies in a queue of Redis and is no message, because another program has put it there, is kept byte for byte."""

import base64
import json
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


@on("redis-redis")
def test_an_id_that_no_store_can_encode_ends_no_worker(worker: Worker) -> None:
    queue = Queue.SHORT.value
    headers: dict[str, Any] = {"id": "\ud800", "task": "tests.effect", "x-test": "surrogate"}
    headers["x-delivery-count"] = int(worker.env["RUNTIME_DELIVERY_LIMIT"])
    properties = {"delivery_info": {}, "delivery_tag": uuid.uuid4().hex, "body_encoding": "base64"}
    message = {"body": "", "headers": headers, "properties": properties, "content-type": "application/json"}
    with Redis.from_url(worker.env["RUNTIME_BROKER_URL"]) as client:
        client.lpush(queue.wire_name, json.dumps({**message, "content-encoding": "utf-8"}))

    def found() -> list[Any]:
        letters: list[Any] = worker.command("dead", "list", "--json", "--task", "tests.effect")
        return [each for each in letters if each["headers"].get("x-test") == "surrogate"]

    (letter,) = worker.wait(found)
    assert worker.process.poll() is None
    assert not letter["reason"].startswith("DeliveryLimit")
    worker.command("dead", "purge", letter["id"], "--json")
