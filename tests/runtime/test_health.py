"""A worker that would not run a message knows it, and one that only works, waits or ends stays alive.

Each fault is planted in a real worker, which is the same one where the fault passes.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.probe import read
from runtime.testing import Worker
from runtime.testing.fixtures import with_variables
from runtime.testing.processes import Workers

from .combinations import each_broker
from .proxy import Proxy

LIMIT = 6.0
"""HEALTH_LIMIT here: the worker looks each half second."""

VARIABLES = {"HEALTH_LIMIT": LIMIT, "RECONNECT_LIMIT": 12, "BROKER_HEARTBEAT": 4, "MARGIN": 3}

NewWorker = Callable[..., Worker]


@pytest.fixture(scope="module")
def way(services: dict[str, str]) -> Iterator[Proxy]:
    """The worker's way to the broker."""
    with Proxy(services["RUNTIME_BROKER_URL"]) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def probed(
    workers: Workers, services: dict[str, str], way: Proxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worker]:
    """A worker of this module, with short limits."""
    workers.stop()
    env = with_variables(services, {**VARIABLES, "BROKER_URL": way.url})
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

    app.control.cancel_consumer(queue, reply=True, timeout=5)


def add_consumer(queue: str) -> None:
    """As above."""
    from .service.app import app

    app.control.add_consumer(queue, reply=True, timeout=5)


@each_broker
def test_a_worker_that_lost_a_consumer_is_deaf(probed: Worker) -> None:
    probed.wait(lambda: ready(probed))
    probed.call(cancel_consumer, "runtime.short")
    probed.wait(lambda: not ready(probed), 5)
    assert live(probed)
    assert faults(probed) == ["it gets no messages from queue short"]
    probed.wait(lambda: not live(probed), LIMIT + 3)
    probed.call(add_consumer, "runtime.short")
    probed.wait(lambda: ready(probed), 5)
