"""What is delivered too often, and what is no message at all, leaves its queue whole."""

import json
import time
from collections.abc import Callable

import pytest
from kombu import Queue

from runtime.testing.servers.process import Server, until

from .support import Service, connect, url_of

MALFORMED = [
    b"\xff\xfe no text",
    b"no json",
    b"[1, 2]",
    b'{"properties": {}}',
    b'{"body": "", "headers": {}, "properties": {"delivery_info": null}}',
    b'{"body": "not base64!", "headers": {}, "properties": {"body_encoding": "base64", "delivery_info": {}}}',
    b'{"body": "x", "headers": {}, "properties": {"body_encoding": "nonsense", "delivery_info": {}}}',
    b'{"body": "x", "headers": {}, "properties": {"body_encoding": 5, "delivery_info": {}}}',
    b'{"body": ["x"], "headers": {}, "properties": {"delivery_info": {}}}',
    b"[" * 100_000,
    *(
        b'{"headers": {"a": {"__type__": "%s", "__value__": "x"}}, "properties": {"delivery_info": {}}}' % kind
        for kind in (b"decimal", b"uuid", b"base64", b"nonsense")
    ),
]

UNDECODABLE = [raw for raw in MALFORMED if b"body_encoding" not in raw and b'"body": ["x"]' not in raw]
"""Those whose record cannot be decoded either; of the others a worker has to make a message."""


def test_a_task_that_kills_its_worker_stops_at_the_limit(redis: Server, make_service: Callable[..., Service]) -> None:
    service = make_service(url_of(redis), options={"delivery_limit": 2, "visibility_timeout": 1})
    began = time.time()
    service.send("kill_worker", "poison")
    client = connect(redis)
    for _ in range(3):
        service.worker().wait(timeout=60)
    service.worker()
    until(lambda: client.llen("work.dead"))
    assert service.effects() == {"poison": 3}
    assert client.hlen("unacked") == client.zcard("unacked_index") == client.llen("work") == 0
    message = json.loads(client.lindex("work.dead", 0))
    assert message["headers"]["task"] == "kill_worker"
    assert message["headers"]["x-delivery-count"] == 3
    assert message["headers"]["x-first-death-reason"] == "delivery_limit"
    assert message["headers"]["x-first-death-queue"] == "work"
    (death,) = message["headers"]["x-death"]
    assert (death["queue"], death["reason"], death["count"]) == ("work", "delivery_limit", 1)
    assert began < death["time"] < time.time()
    with service.producer.connection() as connection:
        letter = Queue("work.dead").bind(connection.channel()).get()
    assert letter is not None
    assert letter.payload[0] == ["poison"]


def test_a_task_that_always_asks_for_another_delivery_stops_at_the_limit(
    redis: Server, make_service: Callable[..., Service]
) -> None:
    service = make_service(url_of(redis), options={"delivery_limit": 4, "dead_letter_suffix": ".graveyard"})
    service.worker("-c", "1", pool="prefork")
    service.send("reject", "again")
    service.send("note", "other")
    until(lambda: connect(redis).llen("work.graveyard"))
    assert service.effects() == {"again": 5, "other": 1}


@pytest.mark.slow
def test_without_a_limit_it_is_delivered_for_ever(redis: Server, make_service: Callable[..., Service]) -> None:
    service = make_service(url_of(redis), options={"delivery_limit": 0})
    service.worker()
    service.send("reject", "again")
    until(lambda: service.effects()["again"] > 50)
    assert not connect(redis).exists("work.dead")


def test_what_is_no_message_is_quarantined_whole(redis: Server, service: Service) -> None:
    client = connect(redis)
    for raw in MALFORMED:
        client.lpush("work", raw)
    service.send("note", "good")
    service.worker()
    until(lambda: service.effects()["good"])
    assert client.lrange("work.malformed", 0, -1)[::-1] == MALFORMED
    until(lambda: not client.hlen("unacked"))
    assert client.zcard("unacked_index") == 0


def test_what_is_no_message_and_was_held_by_a_dead_worker_is_quarantined_whole(redis: Server, service: Service) -> None:
    client = connect(redis)
    for tag, raw in enumerate(UNDECODABLE):
        client.hset("unacked", str(tag), b"[" + raw + b',"","work"]')
    foreign = [b"no record at all", b'["\xff","",x]']
    for tag, record in enumerate(foreign):
        client.hset("unacked", f"foreign{tag}", record)
    times = {str(tag): 1 for tag in range(len(UNDECODABLE))} | {f"foreign{tag}": 2 for tag in range(len(foreign))}
    client.zadd("unacked_index", times | {"gone": 3})
    service.worker()
    until(lambda: not client.exists("unacked", "unacked_index"))
    assert set(client.lrange("work.malformed", 0, -1)) == set(UNDECODABLE)
    assert set(client.lrange("unacked.malformed", 0, -1)) == set(foreign)


@pytest.mark.parametrize("bound", [True, False])
def test_what_a_dead_stock_worker_held_is_not_lost(bound: bool, redis: Server, service: Service) -> None:
    client = connect(redis)
    service.send("note", "task")
    message = client.rpop("work").decode()
    client.hset("unacked", "tag", f'[{message}, "orders", "{"new" if bound else "work"}"]')
    client.zadd("unacked_index", {"tag": 1})
    if bound:
        client.sadd("_kombu.binding.orders", "new\x06\x16\x06\x16work")
    service.worker()
    until(lambda: service.effects()["task"])
