"""The outbox: published if and only if the transaction commits, also when the publisher or the relay is killed."""

# ruff: noqa: PT012  # what a guarded block does before it raises is the point

import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, chain
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from runtime.errors import PayloadError, ServiceError, StoreUnavailable
from runtime.idempotency.sql.database import OUTBOX, engine_of
from runtime.outbox import publish
from runtime.relay import Backlog, OutboxMessage, Relay
from runtime.relay import backlog as backlog_of
from runtime.testing.servers.process import until

from .support import Kind, Processes


@pytest.fixture
def outbox(sql: Kind) -> Iterator[Kind]:
    sql.query(f"DELETE FROM {OUTBOX}")
    yield sql
    sql.query(f"DELETE FROM {OUTBOX}")


class Broker:
    """A folder that takes messages: one line in a file for each sending of a task id."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.messages = folder, list[Any]()

    def send(self, message: Any) -> None:
        with (self.folder / message.id).open("a") as file:
            file.write("x")
        self.messages.append(message)

    def sent(self) -> dict[str, int]:
        return {path.name: len(path.read_text()) for path in self.folder.iterdir()}


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path)


def session(kind: Kind) -> Session:
    return Session(engine_of(kind.url))


def publish_tasks(kind: Kind, count: int = 1) -> list[str]:
    with session(kind) as open_session:
        ids = [publish(open_session, "tasks.pay", [number]) for number in range(count)]
        open_session.commit()
        return ids


def relay(kind: Kind, send: Callable[[OutboxMessage], None]) -> Relay:
    return Relay(kind.url, send)


def backlog(kind: Kind) -> Backlog:
    return backlog_of(kind.url)


def test_what_commits_is_sent_once_and_what_is_rolled_back_never(outbox: Kind, broker: Broker) -> None:
    with session(outbox) as undone:
        publish(undone, "tasks.pay", [0])
        undone.rollback()
    ids = publish_tasks(outbox, 25)
    assert backlog(outbox).waiting == 25
    assert relay(outbox, broker.send).drain() == 25
    assert relay(outbox, broker.send).drain() == 0
    assert broker.sent() == dict.fromkeys(ids, 1)
    assert [message.args for message in broker.messages] == [[number] for number in range(25)], "in order"
    assert backlog(outbox).waiting == 0


def test_nothing_is_sent_before_the_commit(postgresql: Kind, broker: Broker) -> None:
    postgresql.query(f"DELETE FROM {OUTBOX}")
    with session(postgresql) as uncommitted:
        publish(uncommitted, "tasks.pay", [0])
        assert relay(postgresql, broker.send).drain() == 0
        uncommitted.commit()
    assert relay(postgresql, broker.send).drain() == 1


def test_a_task_s_follow_up_commits_with_its_effect_and_key(outbox: Kind, broker: Broker, key: str) -> None:
    with pytest.raises(KeyError), outbox.attempt(key, "transactional") as attempt:
        publish(attempt.session, "tasks.next", [key])
        raise KeyError
    for _ in range(2):
        with outbox.attempt(key, "transactional") as attempt:
            if not attempt.done:
                outbox.effect(attempt, key)
                publish(attempt.session, "tasks.next", [key])
    assert relay(outbox, broker.send).drain() == 1
    assert broker.messages[0].args == [key]


def test_a_message_arrives_as_it_was_published(outbox: Kind, broker: Broker) -> None:
    args = [1, "ü", None, 1.5, date(2026, 1, 2), Decimal("1.10"), uuid.uuid4(), {"a": [True]}]
    with session(outbox) as open_session:
        given = publish(
            open_session,
            "tasks.pay",
            args,
            {"k": "v"},
            task_id="my-id",
            countdown=60,
            expires=120,
            queue="q",
            headers={"h": 1},
        )
        open_session.commit()
    relay(outbox, broker.send).drain()
    (message,) = broker.messages
    assert given == message.id == "my-id"
    assert (message.task, message.args, message.kwargs) == ("tasks.pay", args, {"k": "v"})
    eta, expires = message.options.pop("eta"), message.options.pop("expires")
    assert message.options == {"queue": "q", "headers": {"h": 1}}
    assert timedelta(seconds=50) < eta - datetime.now(UTC) <= timedelta(seconds=60), "counted from the publishing"
    assert expires - eta == timedelta(seconds=60)


def test_a_signature_is_published_as_celery_would(outbox: Kind, broker: Broker) -> None:
    app = Celery(set_as_current=False)

    @app.task(name="tasks.pay", shared=False)
    def pay(*args: int, **kwargs: int) -> None: ...

    with session(outbox) as open_session:
        publish(open_session, pay.s(2, b=1).set(queue="q"), [1], {"c": 3})
        publish(open_session, pay.si(2), [1])
        with pytest.raises(ServiceError, match="one task, got: a chain"):
            publish(open_session, chain(pay.si(1), pay.si(2)))
        open_session.commit()
    relay(outbox, broker.send).drain()
    first, second = broker.messages
    assert (first.args, first.kwargs, first.options) == ([1, 2], {"b": 1, "c": 3}, {"queue": "q"})
    assert (second.args, second.kwargs) == ([2], {})


def test_what_may_not_travel_is_refused_before_the_commit(outbox: Kind, broker: Broker) -> None:
    with session(outbox) as open_session:
        for wrong in (object(), b"bytes", "x" * 100_000):
            with pytest.raises(PayloadError):
                publish(open_session, "tasks.pay", [wrong])
        open_session.commit()
    assert relay(outbox, broker.send).drain() == 0


def test_a_publisher_that_dies_after_its_commit_has_published(
    outbox: Kind, broker: Broker, processes: Processes
) -> None:
    def run(commit: bool) -> None:
        with session(outbox) as open_session:
            publish(open_session, "tasks.pay", [1], task_id=f"committed-{commit}")
            if commit:
                open_session.commit()
            os.kill(os.getpid(), signal.SIGKILL)

    processes.killed(lambda: run(commit=True))
    processes.killed(lambda: run(commit=False))
    assert until(relay(outbox, broker.send).drain) == 1
    assert broker.sent() == {"committed-True": 1}


def test_a_relay_that_dies_sends_again_with_the_same_id(outbox: Kind, broker: Broker, processes: Processes) -> None:
    ids = publish_tasks(outbox, 6)

    def send(message: Any) -> None:
        broker.send(message)
        if message.args == [2]:
            os.kill(os.getpid(), signal.SIGKILL)

    processes.killed(lambda: relay(outbox, send).drain())
    sending = relay(outbox, broker.send)
    until(lambda: sending.drain() or set(broker.sent()) == set(ids))
    assert broker.sent() == {task_id: 2 if number <= 2 else 1 for number, task_id in enumerate(ids)}
    assert backlog(outbox).waiting == 0


def test_a_relay_that_is_told_to_stop_forgets_nothing_it_has_sent(outbox: Kind, broker: Broker) -> None:
    ids = publish_tasks(outbox, 4)

    def send(message: Any) -> None:
        if message.args == [2]:
            raise SystemExit
        broker.send(message)

    with pytest.raises(SystemExit):
        relay(outbox, send).drain()
    assert backlog(outbox).waiting == 2
    outbox.query(f"UPDATE {OUTBOX} SET due_at = 0")
    relay(outbox, broker.send).drain()
    assert broker.sent() == dict.fromkeys(ids, 1)


def test_relays_side_by_side_send_each_message_once(outbox: Kind, broker: Broker, processes: Processes) -> None:
    ids = publish_tasks(outbox, 150)

    def run() -> None:
        quiet = 0
        while quiet < 3:
            try:
                quiet = 0 if relay(outbox, broker.send).drain() else quiet + 1
            except StoreUnavailable:
                quiet = 0
            time.sleep(0.02)

    children = [processes.fork(run) for _ in range(3)]
    assert [processes.wait(pid) for pid in children] == [0] * 3
    assert broker.sent() == dict.fromkeys(ids, 1)


def test_a_message_that_cannot_be_sent_waits_and_lets_the_others_pass(outbox: Kind, broker: Broker) -> None:
    ids = publish_tasks(outbox, 5)

    def send(message: Any) -> None:
        if message.args == [1]:
            raise ConnectionError("the broker is away")
        broker.send(message)

    sending = relay(outbox, send)
    assert sending.drain() == 1
    assert sending.drain() == 3
    left = backlog(outbox)
    assert (left.waiting, left.failing) == (1, 1)
    assert "the broker is away" in left.error
    assert left.oldest > 0
    assert sending.drain() == 0, "not before its wait is over"
    outbox.query(f"UPDATE {OUTBOX} SET due_at = 0")
    assert relay(outbox, broker.send).drain() == 1
    assert broker.sent() == dict.fromkeys(ids, 1)


def test_the_wait_grows_to_a_limit(outbox: Kind) -> None:
    publish_tasks(outbox)

    def send(message: Any) -> None:
        raise ConnectionError

    waits = []
    for _ in range(12):
        outbox.query(f"UPDATE {OUTBOX} SET due_at = 0")
        relay(outbox, send).drain()
        waits.append(outbox.query(f"SELECT due_at FROM {OUTBOX}") - time.time())
    assert waits[0] < waits[3] < waits[6]
    assert 250 < waits[-1] < 310


def test_a_relay_runs_until_it_is_told_to_stop(outbox: Kind, broker: Broker) -> None:
    stop = threading.Event()
    running = threading.Thread(target=relay(outbox, broker.send).run, args=(stop, 0.05))
    running.start()
    try:
        ids = publish_tasks(outbox, 3)
        until(lambda: broker.sent() == dict.fromkeys(ids, 1))
        ids += publish_tasks(outbox, 2)
        until(lambda: broker.sent() == dict.fromkeys(ids, 1))
    finally:
        stop.set()
        running.join(10)
    assert not running.is_alive()


def test_an_id_that_still_waits_is_not_published_twice(outbox: Kind) -> None:
    with session(outbox) as open_session:
        publish(open_session, "tasks.pay", [1], task_id="same")
        with pytest.raises(IntegrityError):
            publish(open_session, "tasks.pay", [2], task_id="same")
