"""One channel against a real Redis: the claim, its batch and order, acknowledgements, replies that get lost."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Consumer, Queue

from .support import LEASE, Server, room, running, until


class Desk:
    """A kombu connection with this transport, and what its consumers have received."""

    def __init__(self, url: str, **options: Any) -> None:
        options = {"visibility_timeout": LEASE, "socket_timeout": 5} | options
        self.connection: Any = Connection(url, transport=room("transports").Transport, transport_options=options)
        self.channel: Any = self.connection.channel()
        self.received: list[Any] = []

    def publish(self, queue: str, *bodies: Any, **options: Any) -> None:
        producer = self.connection.Producer(serializer="json")
        for body in bodies:
            producer.publish(body, routing_key=queue, **options)

    def consume(self, *queues: str, prefetch: int = 0, no_ack: bool = False) -> Any:
        self.channel.basic_qos(prefetch_count=prefetch)
        names = [Queue(queue) for queue in queues]
        consumer = Consumer(self.channel, names, on_message=self.received.append, no_ack=no_ack)
        consumer.consume()
        return consumer

    def drain(self, count: int) -> list[Any]:
        until(lambda: self.step() and len(self.received) >= count, f"{count} messages")
        return self.bodies()

    def step(self) -> bool:
        with suppress(socket.timeout):
            self.connection.drain_events(timeout=0.2)
        return True

    def bodies(self) -> list[Any]:
        return [message.payload for message in self.received]


@pytest.fixture
def desk(redis: Server) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def make(**options: Any) -> Desk:
        desks.append(Desk(redis.url, **options))
        return desks[-1]

    yield make
    for made in desks:
        made.connection.release()


@pytest.fixture
def client(redis: Server) -> Any:
    return redis.client()


def test_a_claim_respects_the_prefetch_count(desk: Callable[..., Desk], client: Any) -> None:
    one = desk(claim_batch=4)
    one.publish("q", *range(10))
    one.consume("q", prefetch=3)
    assert one.drain(3) == [0, 1, 2]
    one.step()
    assert len(one.received) == client.hlen("unacked") == 3
    one.received[0].ack()
    assert one.drain(4) == [0, 1, 2, 3]


def test_a_claim_without_prefetch_takes_no_more_than_a_batch(desk: Callable[..., Desk], client: Any) -> None:
    one = desk(claim_batch=4)
    one.publish("q", *range(10))
    one.consume("q")
    one.step()
    assert client.hlen("unacked") == 4
    assert one.drain(10) == list(range(10))


def test_queues_take_turns(desk: Callable[..., Desk]) -> None:
    one = desk(claim_batch=5)
    for queue in ("a", "b", "c"):
        one.publish(queue, *[f"{queue}{number}" for number in range(4)])
    one.consume("a", "b", "c")
    received = one.drain(12)
    for turn in range(4):
        assert sorted(received[3 * turn : 3 * turn + 3]) == [f"{queue}{turn}" for queue in "abc"]


def test_a_strict_order_empties_the_first_queue_first(desk: Callable[..., Desk]) -> None:
    one = desk(queue_order_strategy="priority")
    for queue in ("b", "a"):
        one.publish(queue, *[f"{queue}{number}" for number in range(3)])
    one.consume("a", "b")
    assert one.drain(6) == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_priorities_come_first_in_every_queue(desk: Callable[..., Desk]) -> None:
    one = desk(priority_steps=[0, 5])
    one.publish("a", "a-low", priority=5)
    one.publish("b", "b-low", priority=9)
    one.publish("a", "a-high", priority=0)
    one.publish("b", "b-high", priority=4)
    one.consume("a", "b")
    assert one.drain(4) == ["a-high", "b-high", "a-low", "b-low"]


def test_a_message_that_comes_back_keeps_its_priority(desk: Callable[..., Desk], client: Any) -> None:
    one = desk(priority_steps=[0, 5])
    one.publish("q", "low", priority=5)
    one.consume("q")
    one.drain(1)
    one.connection.release()
    assert client.llen("q\x06\x165") == 1


def test_a_waiting_consumer_gets_a_message_of_any_queue(desk: Callable[..., Desk]) -> None:
    one = desk()
    one.consume("a", "b", "c")
    for number, queue in enumerate("cab"):
        one.step()
        one.publish(queue, number)
        assert one.drain(number + 1)[-1] == number


def test_waiting_removes_nothing(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.consume("q")
    until(lambda: one.step() and one.channel.claims._drained and one.channel._in_poll, "the consumer to wait")
    client.lpush("q", *[b"first", b"second"])
    assert client.lrange("q", 0, -1) == [b"second", b"first"]


def test_acknowledgements_ride_on_the_next_claim(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", *range(2))
    one.consume("q", prefetch=1)
    one.drain(1)
    client.config_resetstat()
    one.received[0].ack()
    one.drain(2)
    commands = client.info("commandstats")
    assert commands["cmdstat_evalsha"]["calls"] >= 1
    assert "cmdstat_multi" not in commands
    assert client.hlen("unacked") == 1


def test_acknowledgements_are_sent_though_nothing_is_claimed(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    one.received[0].ack()
    until(lambda: not client.hlen("unacked"), "the acknowledgement")
    assert client.zcard("unacked_index") == 0


def test_closing_sends_acknowledgements_and_gives_back_the_rest(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", *range(620))
    one.consume("q")
    one.drain(620)
    for message in one.received[:600]:
        message.ack()
    one.connection.release()
    assert client.hlen("unacked") == client.zcard("unacked_index") == 0
    two = desk()
    two.consume("q")
    assert two.drain(20) == list(range(600, 620))


def test_a_lost_reply_comes_back_after_the_lease(desk: Callable[..., Desk], client: Any) -> None:
    one, two = desk(), desk()
    one.consume("q")
    one.publish("q", 1)
    one.connection.transport.cycle.on_poll_start()
    until(lambda: client.hlen("unacked") == 1, "the claim to have been run")
    one.channel.client.connection._sock.shutdown(socket.SHUT_RDWR)
    two.consume("q")
    assert two.drain(1) == [1]
    assert two.received[0].headers["x-delivery-count"] == 1
    assert two.received[0].headers["redelivered"]


def test_a_claim_that_is_sent_twice_pops_once(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", 1, 2)
    ledger = one.channel.ledger
    keys, *rest = ledger.claim_arguments({"q": room("ledger").record_tail("q")}, limit=1, turn=1)
    claim = room("scripts").CLAIM
    assert len(client.eval(claim, keys, *rest)) == 3
    assert client.eval(claim, keys, *rest) == []
    assert (client.llen("q"), client.hlen("unacked")) == (1, 1)


def test_the_scripts_survive_a_flush(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.consume("q")
    for number in range(3):
        one.publish("q", number)
        one.drain(number + 1)
        client.script_flush()
    assert one.bodies() == [0, 1, 2]


def test_what_a_worker_does_after_its_lease_leaves_the_next_delivery_alone(
    desk: Callable[..., Desk], client: Any
) -> None:
    one, two = desk(), desk()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    one.channel.qos.keeper.stop()
    two.consume("q")
    two.drain(1)
    for late in (one.received[0].ack, one.channel.qos.renew, one.channel.qos.flush_acks, one.connection.release):
        late()
        assert client.hlen("unacked") == client.zcard("unacked_index") == 1
    two.received[0].ack()
    until(lambda: not client.hlen("unacked"), "the acknowledgement of the one who holds it")


def test_a_lease_that_is_renewed_is_not_taken_over(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    ledger = one.channel.ledger
    cutoff, deliveries = ledger.expired(lease=0)
    assert len(deliveries) == 1
    ledger.renew([deliveries[0][0]])
    ledger.move(deliveries[0][0], "q", b"", last=False, cutoff=cutoff)
    assert (client.hlen("unacked"), client.llen("q")) == (1, 0)


def test_a_message_whose_consumer_fails_goes_back_and_counts(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", 1, 2, 3)

    def fail(message: Any) -> None:
        raise ValueError(message.payload)

    Consumer(one.channel, [Queue("q")], on_message=fail).consume()
    with pytest.raises(ValueError, match="1"):
        until(one.step, "the failure")
    assert (client.llen("q"), client.hlen("unacked")) == (3, 0)
    two = desk()
    two.consume("q")
    assert sorted(two.drain(3)) == [1, 2, 3]
    counts = {message.payload: message.headers.get("x-delivery-count") for message in two.received}
    assert counts == {1: 1, 2: None, 3: None}


def test_a_queue_that_was_cancelled_gets_its_messages_back(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", 1, 2)
    consumer = one.consume("q")
    one.connection.transport.cycle.on_poll_start()
    consumer.cancel()
    one.step()
    assert one.received == []
    until(lambda: one.step() and (client.llen("q"), client.hlen("unacked")) == (2, 0), "both back")


def test_a_keeper_survives_what_it_did_not_expect(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    client.rename("unacked_index", "elsewhere")
    client.set("unacked_index", "no sorted set")
    one.received[0].ack()
    until(lambda: one.channel.qos.acked, "the acknowledgement to fail")
    client.rename("elsewhere", "unacked_index")
    until(lambda: not client.exists("unacked", "unacked_index"), "the acknowledgement")


def test_closing_without_a_server_ends_the_keeper_and_leaves_the_message_to_the_lease(tmp_path: Path) -> None:
    with running(Server(tmp_path)) as server:
        one, two = Desk(server.url), Desk(server.url)
        one.publish("q", 1)
        one.consume("q")
        one.drain(1)
        keeper, channel = one.channel.qos.keeper, one.channel
        server.kill()
        one.connection.release()
        until(lambda: not keeper.is_alive(), "the keeper to end")
        assert channel.closed
        server.start()
        assert server.client().hlen("unacked") == 1
        two.connection.release()
        three = Desk(server.url)
        three.consume("q")
        assert three.drain(1) == [1]
        three.connection.release()


def test_an_option_that_makes_no_sense_is_refused(desk: Callable[..., Desk]) -> None:
    with pytest.raises(ValueError, match=r"claim_batch .* got: 1\.5 and 0; correct broker_transport_options"):
        desk(claim_batch=0)


def test_without_acknowledgement_nothing_is_recorded(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", 1)
    one.consume("q", no_ack=True)
    assert one.drain(1) == [1]
    assert not client.exists("unacked", "unacked_index")
    assert one.channel.qos.keeper is None


def test_a_message_is_fetched_atomically_too(desk: Callable[..., Desk], client: Any) -> None:
    one = desk()
    one.publish("q", 1, 2)
    client.rpush("q", b"no message")
    message = one.channel.basic_get("q")
    assert message.payload == 1
    assert (client.hlen("unacked"), client.lrange("q.malformed", 0, -1)) == (1, [b"no message"])
    message.ack()
    assert client.hlen("unacked") == 0
    one.channel.basic_get("q").requeue()
    assert b"x-delivery-count" not in client.lindex("q", 0)
    assert one.channel.basic_get("q", no_ack=True).payload == 2
    assert one.channel.basic_get("q") is None
    assert client.hlen("unacked") == 0


def test_a_dropped_connection_is_consumed_again_with_its_acknowledgements(
    desk: Callable[..., Desk], client: Any
) -> None:
    one = desk()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    one.received[0].ack()
    client.client_kill_filter(_type="normal")
    with suppress(*one.connection.connection_errors):
        one.step()
    until(lambda: not client.hlen("unacked"), "the acknowledgement")
    one.connection.release()
    two = desk()
    two.publish("q", 2)
    two.consume("q")
    assert two.drain(1) == [2]
