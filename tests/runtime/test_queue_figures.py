"""What waits, is in work and is dead, as the broker counts it; nothing is delivered for it."""

from collections.abc import Callable
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from runtime import QueueClass
from runtime.brokers import QueueFigures
from runtime.brokers.rabbitmq import RabbitmqBroker
from runtime.brokers.rabbitmq.figures import MOST_SAMPLES, Age
from runtime.brokers.redis.figures import MOST_RECORDS
from runtime.idempotency.redis import RedisStore
from runtime.service import Service, ServiceApp
from runtime.settings import Settings
from runtime.testing import Worker
from runtime.testing.processes import Console, Workers
from runtime.testing.servers import rabbitmq
from runtime.testing.servers.process import free_port, until

from .combinations import each_broker, on
from .conftest import BROKER
from .service.calls import publish, purge_queues, queue_figures
from .service.notes import count


def figures(console: Console, name: str) -> dict[str, Any]:
    """Those of one queue of the service."""
    return next(each for each in console.call(queue_figures) if each["queue"] == name)


def keda_counts(url: str, *names: str) -> list[Any]:
    """What KEDA's scaler of Redis makes of keys, as kubernetes/workers.yaml has it: the length of a list or a hash."""
    with Redis.from_url(url, decode_responses=True) as client:
        lengths: dict[Any, Callable[..., Any]] = {"list": client.llen, "hash": client.hlen}
        return [lengths[client.type(name)](name) for name in names]


@each_broker
def test_each_message_is_counted_where_it_is(
    workers: Workers, new_worker: Callable[..., Worker], services: dict[str, str], tmp_path: Path
) -> None:
    console, redis = workers.console, services[BROKER].startswith("redis")
    console.call(purge_queues)
    before = figures(console, "long")
    assert before["waiting"] == 0
    assert before["oldest"] == 0
    assert before["consumers"] == (None if redis else 0)
    for name in ("one", "two", "three"):
        console.call(publish, "tests.waits", str(tmp_path), name, 50)
    waiting = figures(console, "long")
    assert (waiting["waiting"], waiting["in_work"]) == (3, 0 if redis else None)
    later = until(lambda: (found := figures(console, "long"))["oldest"] > waiting["oldest"] and found)
    assert 0 < later["oldest"] < 60
    assert figures(console, "short")["waiting"] == 0
    worker = new_worker()
    worker.wait(lambda: count(tmp_path, "one.started") and count(tmp_path, "two.started"))
    taken = figures(console, "long")
    assert (taken["waiting"], taken["in_work"], taken["consumers"]) == ((1, 2, None) if redis else (1, None, 1))
    if redis:
        assert keda_counts(services[BROKER], "runtime.long", "runtime.unacked") == [1, 2]
    assert taken["oldest"] >= later["oldest"] if redis else taken["oldest"] is None
    (tmp_path / "go").touch()
    worker.wait(lambda: count(tmp_path, "three.ended"))
    assert figures(console, "long")["oldest"] == 0
    dead = figures(console, "short")["dead"]
    worker.call(publish, "tests.failure")
    worker.wait(lambda: figures(console, "short")["dead"] == dead + 1)
    if redis:
        worker.wait(lambda: figures(console, "long")["in_work"] == 0)


@on("redis-redis")
def test_messages_in_work_are_told_apart_by_queue_up_to_a_limit(
    services: dict[str, str], workers: Workers, new_worker: Callable[..., Worker]
) -> None:
    console, client = workers.console, Redis.from_url(services[BROKER])
    console.call(purge_queues)
    ours: dict[Any, Any] = {f"ours.{number}": '[{"headers": {}},"","runtime.long"]' for number in range(1500)}
    stock = {f"stock.{number}": '[{"headers": {}}, "runtime", "runtime.short"]' for number in range(2)}
    client.hset("runtime.unacked", mapping=ours | stock)
    try:
        assert [figures(console, name)["in_work"] for name in ("long", "short")] == [1500, 2]
        more: dict[Any, Any] = {f"more.{number}": "[]" for number in range(MOST_RECORDS)}
        client.hset("runtime.unacked", mapping=more)
        assert figures(console, "long")["in_work"] is None
    finally:
        client.delete("runtime.unacked")


def test_the_age_of_the_next_message_is_what_successive_counts_prove() -> None:
    age = Age()
    assert age.note(waiting=0, left=5, now=0) == 0
    assert age.note(waiting=2, left=5, now=10) == 0  # the sixth and the seventh came since
    assert age.note(waiting=3, left=5, now=20) == 10
    assert age.note(waiting=2, left=6, now=30) == 20  # the seventh is next
    assert age.note(waiting=1, left=7, now=40) == 20  # the eighth, which came between 10 and 20
    assert age.note(waiting=9, left=8, now=50) == 0
    assert age.note(waiting=9, left=2, now=60) == 0  # its server began anew
    assert age.note(waiting=9, left=2, now=70) == 10
    assert age.note(waiting=0, left=11, now=80) == 0


def test_the_age_takes_bounded_memory() -> None:
    age = Age()
    found = [age.note(waiting=number, left=0, now=number) for number in range(1, 5 * MOST_SAMPLES)]
    assert len(age._samples) <= MOST_SAMPLES
    assert all(0 <= each <= number for number, each in enumerate(found))
    assert found[-1] > 3 * MOST_SAMPLES


class Table(Enum):
    """A queue table."""

    DEFAULT = QueueClass("default", max_runtime=60)


@pytest.mark.slow
def test_the_management_api_of_rabbitmq_tells_the_rest(tmp_path: Path, set_variables: Callable[..., None]) -> None:
    port, queue = free_port(), Table.DEFAULT.value
    with rabbitmq.started(tmp_path, management_port=port) as url:
        broker = RabbitmqBroker(Settings(broker_url=url))
        app: Any = ServiceApp("managed", broker=url, set_as_current=False)
        app.service = Service(Table, broker, RedisStore, None)
        app.conf.update(**broker.celery_settings([queue]))
        (declared,) = broker.task_queues([queue])

        def figures() -> QueueFigures:
            (found,) = broker.queue_figures(app, [queue])
            return found

        def becoming(**expected: int) -> QueueFigures:
            """The figures, once they have these values."""
            until(lambda: expected.items() <= asdict(figures()).items())
            return figures()

        assert figures() == QueueFigures("default", 0, None, 0.0, 0, 0)
        assert broker.memory_ratio(app) is None
        with app.connection_for_write() as connection:
            channel = connection.default_channel
            bound = declared(channel)
            bound.declare()
            producer = connection.Producer()
            for number in range(3):
                producer.publish({"number": number}, exchange=bound.exchange, routing_key=bound.routing_key)
            channel.basic_qos(0, 1, False)
            channel.basic_consume(bound.name, callback=lambda message: None)
            becoming(waiting=2)
            assert figures().oldest is None  # somebody consumes, and nobody tells what
            set_variables(RABBITMQ_MANAGEMENT_URL=f"http://guest:guest@127.0.0.1:{port}")
            told = becoming(in_work=1)
            assert 0 < (broker.memory_ratio(app) or 0) < 1
            assert told == QueueFigures("default", 2, 1, told.oldest, 0, 1)
            until(lambda: (figures().oldest or 0) > 2)
        set_variables(RABBITMQ_MANAGEMENT_URL=f"http://guest:wrong@127.0.0.1:{port}")
        refused = becoming(waiting=3)
        assert refused == QueueFigures("default", 3, None, refused.oldest, 0, 0)
