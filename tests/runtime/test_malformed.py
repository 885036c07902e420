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
def test_an_id_that_no_store_can_encode_or_that_is_missing_ends_no_worker(worker: Worker) -> None:
    queue, limit = Queue.SHORT.value, int(worker.env["RUNTIME_DELIVERY_LIMIT"])
    odd: dict[str, dict[str, Any]] = {
        "surrogate": {"id": "\ud800", "x-delivery-count": limit},
        "missing": {},
        "again": {"x-delivery-count": 1},
    }
    before = len(worker.lines("Connection to broker lost"))
    with Redis.from_url(worker.env["RUNTIME_BROKER_URL"]) as client:
        for name, headers in odd.items():
            properties = {"delivery_info": {}, "delivery_tag": uuid.uuid4().hex, "body_encoding": "base64"}
            message = {
                "body": base64.b64encode(b"[[], {}, {}]").decode(),
                "headers": {"task": "tests.effect", "x-test": name, **headers},
                "properties": properties,
                "content-type": "application/json",
                "content-encoding": "utf-8",
            }
            client.lpush(queue.wire_name, json.dumps(message))

    def found() -> dict[str, Any]:
        letters: list[Any] = worker.command("dead", "list", "--json", "--task", "tests.effect")
        return {each["headers"]["x-test"]: each for each in letters if "x-test" in each["headers"]}

    worker.wait(lambda: odd.keys() == found().keys())
    assert worker.process.poll() is None
    assert len(worker.lines("Connection to broker lost")) == before
    letters = found()
    assert not letters["surrogate"]["reason"].startswith("DeliveryLimit")
    for name in ("missing", "again"):
        assert letters[name]["reason"] == "InvalidTaskError: expected the header 'id', got: none"
    worker.command("dead", "purge", *(letter["id"] for letter in letters.values()), "--json")
