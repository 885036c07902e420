"""A worker that would not run a message knows it, and one that only works, waits or ends stays alive.

Each fault is planted in a real worker, which is the same one where the fault passes.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from amqp.exceptions import NotFound
from kombu import Connection

from runtime.probe import read
from runtime.testing import Worker
from runtime.testing.fixtures import with_variables
from runtime.testing.processes import Workers

from .combinations import each_broker, on
from .proxy import Proxy
from .service.calls import publish

LIMIT = 3.0
"""HEALTH_LIMIT here: the worker looks each quarter of a second."""

RECONNECT_LIMIT = 5.0

BOUND = 15
"""Seconds in which each verdict has to follow, on a machine that does other things as well."""

VARIABLES = {"HEALTH_LIMIT": LIMIT, "RECONNECT_LIMIT": RECONNECT_LIMIT, "BROKER_HEARTBEAT": 2, "MARGIN": 3}


@pytest.fixture(scope="module")
def link(services: dict[str, str]) -> Iterator[Proxy]:
    """The worker's connection to the broker."""
    with Proxy(services["RUNTIME_BROKER_URL"]) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def probed(
    workers: Workers, services: dict[str, str], link: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    """A worker of this module, with short limits."""
    workers.stop()
    env = with_variables(services, {**VARIABLES, "BROKER_URL": link.url})
    with Worker(env, tmp_path_factory.mktemp("probed"), workers.console) as worker:
        yield worker
        worker.kill()


def live(worker: Worker) -> bool:
    return read(Path(worker.env["RUNTIME_HEARTBEAT_FILE"])).live


def ready(worker: Worker) -> bool:
    return read(Path(worker.env["RUNTIME_HEARTBEAT_FILE"])).ready


def faults(worker: Worker) -> list[str]:
    return read(Path(worker.env["RUNTIME_HEARTBEAT_FILE"])).faults


def cancel_consumer(queue: str) -> None:
    """By remote control, on all workers."""
    from .service.app import app

    app.control.cancel_consumer(queue)


def add_consumer(queue: str) -> None:
    """As above."""
    from .service.app import app

    app.control.add_consumer(queue)


def signal_pool(worker: Worker, number: signal.Signals) -> None:
    """Send a signal to each process of its pool."""
    main = worker.process.pid
    for process in Path(f"/proc/{main}/task/{main}/children").read_text().split():
        os.kill(int(process), number)


def works(worker: Worker, folder: Path, name: str) -> None:
    """Wait until it has run a task that is published now."""
    worker.call(publish, "tests.waits", str(folder), name, 0)
    worker.wait((folder / f"{name}.ended").exists)


@each_broker
def test_a_worker_that_lost_a_consumer_is_deaf(probed: Worker) -> None:
    probed.wait(lambda: ready(probed))
    probed.call(cancel_consumer, "runtime.short")
    probed.wait(lambda: not ready(probed), BOUND)
    assert live(probed)
    probed.wait(lambda: faults(probed) == ["it gets no messages from queue short"], BOUND)
    probed.wait(lambda: not live(probed), LIMIT + BOUND)
    probed.call(add_consumer, "runtime.short")
    probed.wait(lambda: ready(probed), BOUND)


def has_consumer(connection: Any, queue: str) -> bool:
    """Whether a queue of RabbitMQ is there, and somebody consumes from it."""
    try:
        with connection.channel() as channel:
            return bool(channel.queue_declare(queue, passive=True).consumer_count)
    except NotFound:
        return False


@on("rabbitmq-sql")
def test_a_worker_whose_queue_was_deleted_consumes_from_a_new_one(probed: Worker, link: Proxy, tmp_path: Path) -> None:
    probed.wait(lambda: ready(probed))
    with Connection(link.url) as connection:
        channel: Any = connection.default_channel
        channel.queue_delete("runtime.long")
        probed.wait(lambda: has_consumer(connection, "runtime.long"), BOUND)
    works(probed, tmp_path, "after")
    probed.wait(lambda: ready(probed), BOUND)


@each_broker
def test_a_connection_that_died_in_silence_is_noticed_and_replaced(probed: Worker, link: Proxy, tmp_path: Path) -> None:
    probed.wait(lambda: ready(probed))
    link.swallow()
    probed.wait(lambda: not ready(probed), BOUND)
    assert live(probed)
    works(probed, tmp_path, "after")
    probed.wait(lambda: ready(probed), BOUND)


@each_broker
def test_a_worker_without_a_broker_is_not_ready_and_stays_alive_for_its_limit(
    probed: Worker, link: Proxy, tmp_path: Path
) -> None:
    probed.wait(lambda: ready(probed))
    link.cut()
    probed.wait(lambda: not ready(probed), BOUND)
    probed.wait(lambda: faults(probed) == ["it has no connection to the broker"], BOUND)
    began = time.monotonic()
    probed.wait(lambda: not live(probed), RECONNECT_LIMIT + BOUND)
    assert time.monotonic() - began > RECONNECT_LIMIT - 2, "it was given up before its limit"
    link.mend()
    probed.wait(lambda: ready(probed))
    works(probed, tmp_path, "after")


@on("rabbitmq-sql", slow=("redis-redis",))
def test_a_pool_whose_processes_are_stopped_is_stuck(probed: Worker, tmp_path: Path) -> None:
    probed.wait(lambda: ready(probed))
    signal_pool(probed, signal.SIGSTOP)
    try:
        probed.wait(lambda: not ready(probed), BOUND)
        assert live(probed)
        probed.wait(lambda: faults(probed) == ["every slot of its pool hangs"], BOUND)
        probed.wait(lambda: not live(probed), LIMIT + BOUND)
    finally:
        signal_pool(probed, signal.SIGCONT)
    probed.wait(lambda: ready(probed), BOUND)
    works(probed, tmp_path, "after")


@on("redis-redis", slow=("rabbitmq-sql",))
def test_a_worker_that_is_frozen_does_not_live_on_its_last_heartbeat(probed: Worker) -> None:
    probed.wait(lambda: ready(probed))
    probed.process.send_signal(signal.SIGSTOP)
    try:
        probed.wait(lambda: not ready(probed), BOUND)
        probed.wait(lambda: not live(probed), LIMIT + BOUND)
    finally:
        probed.process.send_signal(signal.SIGCONT)
    probed.wait(lambda: ready(probed), BOUND)
