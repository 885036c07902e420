"""One channel against a real Redis: the claim, its batch and order, acknowledgements, replies that get lost."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Consumer, Queue

from runtime.brokers.redis.transport.scripts import CLAIM
from runtime.brokers.redis.transport.transports import Transport
from runtime.brokers.redis.transport.unacked_store import record_tail
from runtime.testing.servers.process import Server, until

from .support import LEASE, connect, redis_server, url_of


class Endpoint:
    """A kombu connection with this transport, and what its consumers have received."""

    def __init__(self, url: str, **options: Any) -> None:
        options = {"visibility_timeout": LEASE, "socket_timeout": 5} | options
        self.connection: Any = Connection(url, transport=Transport, transport_options=options)
        self.channel: Any = self.connection.channel()
        self.received: list[Any] = []

    def publish(self, queue: str, *bodies: Any, **options: Any) -> None:
        producer = self.connection.Producer(serializer="json")
        with producer.batch():
            for body in bodies:
                producer.publish(body, routing_key=queue, **options)

    def consume(self, *queues: str, prefetch: int = 0, no_ack: bool = False) -> Any:
        self.channel.basic_qos(prefetch_count=prefetch)
        names = [Queue(queue) for queue in queues]
        consumer = Consumer(self.channel, names, on_message=self.received.append, no_ack=no_ack)
        consumer.consume()
        return consumer

    def drain(self, count: int) -> list[Any]:
        until(lambda: self.step() and len(self.received) >= count)
        return self.bodies()

    def step(self) -> bool:
        with suppress(socket.timeout):
            self.connection.drain_events(timeout=0.2)
        return True

    def bodies(self) -> list[Any]:
        return [message.payload for message in self.received]


@pytest.fixture
def endpoint(redis: Server) -> Iterator[Callable[..., Endpoint]]:
    endpoints: list[Endpoint] = []

    def make(**options: Any) -> Endpoint:
        endpoints.append(Endpoint(url_of(redis), **options))
        return endpoints[-1]

    yield make
    for made in endpoints:
        made.connection.release()


def test_a_claim_respects_the_prefetch_count(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint(claim_batch=4)
    one.publish("q", *range(10))
    one.consume("q", prefetch=3)
    assert one.drain(3) == [0, 1, 2]
    one.step()
    assert len(one.received) == client.hlen("unacked") == 3
    one.received[0].ack()
    assert one.drain(4) == [0, 1, 2, 3]


def test_a_claim_without_prefetch_takes_no_more_than_a_batch(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint(claim_batch=4)
    one.publish("q", *range(10))
    one.consume("q")
    one.step()
    assert client.hlen("unacked") == 4
    assert one.drain(10) == list(range(10))


def test_queues_take_turns(endpoint: Callable[..., Endpoint]) -> None:
    one = endpoint(claim_batch=5)
    for queue in ("a", "b", "c"):
        one.publish(queue, *[f"{queue}{number}" for number in range(4)])
    one.consume("a", "b", "c")
    received = one.drain(12)
    for turn in range(4):
        assert sorted(received[3 * turn : 3 * turn + 3]) == [f"{queue}{turn}" for queue in "abc"]


def test_a_strict_order_empties_the_first_queue_first(endpoint: Callable[..., Endpoint]) -> None:
    one = endpoint(queue_order_strategy="priority")
    for queue in ("b", "a"):
        one.publish(queue, *[f"{queue}{number}" for number in range(3)])
    one.consume("a", "b")
    assert one.drain(6) == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_priorities_come_first_in_every_queue(endpoint: Callable[..., Endpoint]) -> None:
    one = endpoint(priority_steps=[0, 5])
    one.publish("a", "a-low", priority=5)
    one.publish("b", "b-low", priority=9)
    one.publish("a", "a-high", priority=0)
    one.publish("b", "b-high", priority=4)
    one.consume("a", "b")
    assert one.drain(4) == ["a-high", "b-high", "a-low", "b-low"]


def test_a_message_that_comes_back_keeps_its_priority(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint(priority_steps=[0, 5])
    one.publish("q", "low", priority=5)
    one.consume("q")
    one.drain(1)
    one.connection.release()
    assert client.llen("q\x06\x165") == 1


def test_a_waiting_consumer_gets_a_message_of_any_queue(endpoint: Callable[..., Endpoint]) -> None:
    one = endpoint()
    one.consume("a", "b", "c")
    for number, queue in enumerate("cab"):
        one.step()
        one.publish(queue, number)
        assert one.drain(number + 1)[-1] == number


def test_waiting_removes_nothing(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.consume("q")
    until(lambda: one.step() and one.channel.fetcher._drained and one.channel._in_poll)
    client.lpush("q", *[b"first", b"second"])
    assert client.lrange("q", 0, -1) == [b"second", b"first"]


def test_acknowledgements_ride_on_the_next_claim(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
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


def test_acknowledgements_are_sent_though_nothing_is_claimed(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    one.received[0].ack()
    until(lambda: not client.hlen("unacked"))
    assert client.zcard("unacked_index") == 0


def test_closing_sends_acknowledgements_and_requeues_the_rest(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.publish("q", *range(620))
    one.consume("q")
    one.drain(620)
    for message in one.received[:600]:
        message.ack()
    one.connection.release()
    assert client.hlen("unacked") == client.zcard("unacked_index") == 0
    two = endpoint()
    two.consume("q")
    assert two.drain(20) == list(range(600, 620))


def test_a_lost_reply_comes_back_after_the_lease(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one, two = endpoint(), endpoint()
    one.consume("q")
    one.publish("q", 1)
    one.connection.transport.cycle.on_poll_start()
    until(lambda: client.hlen("unacked") == 1)
    one.channel.client.connection._sock.shutdown(socket.SHUT_RDWR)
    two.consume("q")
    assert two.drain(1) == [1]
    assert two.received[0].headers["x-delivery-count"] == 1
    assert two.received[0].headers["redelivered"]


def test_a_claim_that_is_sent_twice_pops_once(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.publish("q", 1, 2)
    unacked_store = one.channel.unacked_store
    keys, *rest = unacked_store.claim_arguments({"q": record_tail("q")}, limit=1, turn=1)
    assert len(client.eval(CLAIM, keys, *rest)) == 3
    assert client.eval(CLAIM, keys, *rest) == []
    assert (client.llen("q"), client.hlen("unacked")) == (1, 1)


def test_the_scripts_survive_a_flush(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.consume("q")
    for number in range(3):
        one.publish("q", number)
        one.drain(number + 1)
        client.script_flush()
    assert one.bodies() == [0, 1, 2]


def test_what_a_worker_does_after_its_lease_leaves_the_next_delivery_alone(
    endpoint: Callable[..., Endpoint], client: Any
) -> None:
    one, two = endpoint(), endpoint()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    one.channel.qos.lease_renewer.stop()
    two.consume("q")
    two.drain(1)
    for late in (one.received[0].ack, one.channel.qos.renew, one.channel.qos.flush_acks, one.connection.release):
        late()
        assert client.hlen("unacked") == client.zcard("unacked_index") == 1
    two.received[0].ack()
    until(lambda: not client.hlen("unacked"))


def test_a_lease_that_is_renewed_is_not_reclaimed(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    unacked_store = one.channel.unacked_store
    cutoff, deliveries = unacked_store.expired(lease=0)
    assert len(deliveries) == 1
    unacked_store.renew([deliveries[0][0]])
    unacked_store.move(deliveries[0][0], "q", b"", last=False, cutoff=cutoff)
    assert (client.hlen("unacked"), client.llen("q")) == (1, 0)


def test_a_message_whose_consumer_fails_goes_back_and_counts(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.publish("q", 1, 2, 3)

    def fail(message: Any) -> None:
        raise ValueError(message.payload)

    Consumer(one.channel, [Queue("q")], on_message=fail).consume()
    with pytest.raises(ValueError, match="1"):
        until(one.step)
    assert (client.llen("q"), client.hlen("unacked")) == (3, 0)
    two = endpoint()
    two.consume("q")
    assert sorted(two.drain(3)) == [1, 2, 3]
    counts = {message.payload: message.headers.get("x-delivery-count") for message in two.received}
    assert counts == {1: 1, 2: None, 3: None}


def test_a_queue_that_was_cancelled_gets_its_messages_back(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.publish("q", 1, 2)
    consumer = one.consume("q")
    one.connection.transport.cycle.on_poll_start()
    consumer.cancel()
    one.step()
    assert one.received == []
    until(lambda: one.step() and (client.llen("q"), client.hlen("unacked")) == (2, 0))


def test_a_lease_renewer_survives_what_it_did_not_expect(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    client.rename("unacked_index", "elsewhere")
    client.set("unacked_index", "no sorted set")
    one.received[0].ack()
    until(lambda: one.channel.qos.acked)
    client.rename("elsewhere", "unacked_index")
    until(lambda: not client.exists("unacked", "unacked_index"))


def test_closing_without_a_server_ends_the_lease_renewer_and_leaves_the_message_to_the_lease(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        one, two = Endpoint(url_of(server)), Endpoint(url_of(server))
        one.publish("q", 1)
        one.consume("q")
        one.drain(1)
        renewer, channel = one.channel.qos.lease_renewer, one.channel
        server.kill()
        one.connection.release()
        until(lambda: not renewer.is_alive())
        assert channel.closed
        server.start()
        assert connect(server).hlen("unacked") == 1
        two.connection.release()
        three = Endpoint(url_of(server))
        three.consume("q")
        assert three.drain(1) == [1]
        three.connection.release()


def test_an_option_that_makes_no_sense_is_refused(endpoint: Callable[..., Endpoint]) -> None:
    with pytest.raises(ValueError, match=r"claim_batch .* got: 1\.5 and 0; correct broker_transport_options"):
        endpoint(claim_batch=0)


def test_without_acknowledgement_nothing_is_recorded(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
    one.publish("q", 1)
    one.consume("q", no_ack=True)
    assert one.drain(1) == [1]
    assert not client.exists("unacked", "unacked_index")
    assert one.channel.qos.lease_renewer is None


def test_a_message_is_fetched_atomically_too(endpoint: Callable[..., Endpoint], client: Any) -> None:
    one = endpoint()
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
    endpoint: Callable[..., Endpoint], client: Any
) -> None:
    one = endpoint()
    one.publish("q", 1)
    one.consume("q")
    one.drain(1)
    one.received[0].ack()
    client.client_kill_filter(_type="normal")
    with suppress(*one.connection.connection_errors):
        one.step()
    until(lambda: not client.hlen("unacked"))
    one.connection.release()
    two = endpoint()
    two.publish("q", 2)
    two.consume("q")
    assert two.drain(1) == [2]


@pytest.mark.parametrize("requeue", [True, False])
def test_a_message_of_a_closed_channel_is_rejected_with_a_connection_error(
    endpoint: Callable[..., Endpoint], requeue: bool
) -> None:
    ours = endpoint()
    ours.publish("q", "first")
    ours.consume("q")
    ours.drain(1)
    ours.channel.close()
    errors = ours.connection.connection_errors
    with pytest.raises(errors, match="the channel is closed"):
        ours.received[0].reject(requeue=requeue)
    ours.received[0].reject_log_error(logging.getLogger(), errors, requeue=requeue)
    other = endpoint()
    other.consume("q")
    assert other.drain(1) == ["first"]
