"""What the tests share. `service`: one delivery in this process, as a worker does it. `worker`: a real one.

The tests of tasks use `service` alone, whose servers are private. Only `worker` uses the servers that the environment
names: name a broker that no other worker of this service is on.
"""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from dev import store
from dev.services import NEEDS, Unavailable, running

from .processes import Console, Worker, Workers

PREFIX = "MYSERVICE_"
STACK = ExitStack()
OUTSIDE = dict(os.environ)


def pytest_configure(config: pytest.Config) -> None:
    """Before anything of the service is imported: the environment of the tests in this process."""
    folder = Path(STACK.enter_context(tempfile.TemporaryDirectory()))
    private = [variable for variable in NEEDS if variable != "BROKER_URL"]
    os.environ.update(STACK.enter_context(running(folder, private, environ={})))
    os.environ[f"{PREFIX}BROKER_URL"] = "memory://"
    store.prepare(os.environ[f"{PREFIX}IDEMPOTENCY_URL"])


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    STACK.close()


@dataclass(frozen=True)
class Delivery:
    """How one delivery ended: Celery's state, and whether it was dropped as a repeat."""

    state: str
    duplicate: bool


class Service:
    """The service in this process: publishes to a broker in memory and runs what arrives, as a worker does."""

    def deliver(self, task: Any, *args: Any, task_id: str | None = None, **kwargs: Any) -> Delivery:
        """Publish, take the message from the broker, decode it and trace it; a retry is published, not waited for."""
        from celery.app.trace import build_tracer

        from myservice.request import ServiceRequest

        queue = task.work_queue.value.wire_name
        with task.app.connection_for_write() as connection:
            bound = task.app.amqp.queues[queue].bind(connection.default_channel)
            bound.declare()
            bound.purge()
            task.apply_async(args, kwargs, task_id=task_id or str(uuid.uuid4()))
            message = bound.get(no_ack=True)
        request = ServiceRequest(message, app=task.app, task=task, hostname="test")
        tracer = build_tracer(task.name, task, app=task.app)
        with capture_logs() as events:
            ended = tracer(request.id, request.args, request.kwargs, request.request_dict).info
        return Delivery(ended.state if ended else "SUCCESS", any(line["event"] == "duplicate" for line in events))

    def dead_letters(self) -> list[Any]:
        """What was kept since the test began, oldest first."""
        from myservice.app import app
        from myservice.broker import dead_queue
        from myservice.dead_letters import read
        from myservice.queues import Queue

        found = []
        with app.connection_for_write() as connection:
            for queue in Queue:
                bound = dead_queue(queue.value).bind(connection.default_channel)
                while (message := bound.get(no_ack=True)) is not None:
                    found.append(read(message, queue.value))
        return found

    def planted(self, error: type[BaseException]) -> BaseException:
        """An instance of `error`, whatever its constructor and its attributes want."""
        says = {
            "__init__": lambda self: None,
            "__str__": lambda self: "planted",
            "__repr__": lambda self: "planted",
            "__getattr__": object.__getattribute__,
        }
        planted: BaseException = type("Planted", (error,), says)()
        return planted


@pytest.fixture
def service() -> Service:
    """The service with an empty store and an empty broker."""
    from myservice.app import app
    from myservice.broker import dead_queue
    from myservice.queues import Queue

    store.empty(os.environ[f"{PREFIX}IDEMPOTENCY_URL"])
    with app.connection_for_write() as connection:
        for queue in Queue:
            bound = dead_queue(queue.value).bind(connection.default_channel)
            bound.declare()
            bound.purge()
    return Service()


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment with the servers that the service needs: those named outside, else started here."""
    folder = tmp_path_factory.mktemp("services")
    with ExitStack() as stack:
        try:
            urls = stack.enter_context(running(folder, environ=OUTSIDE))
        except Unavailable as unavailable:
            if OUTSIDE.get("CI"):
                raise
            pytest.skip(str(unavailable))
        store.prepare(urls[f"{PREFIX}IDEMPOTENCY_URL"])
        yield {**OUTSIDE, **urls, f"{PREFIX}LEASE": "3", f"{PREFIX}KEY_LEASE": "3"}


@pytest.fixture(scope="session")
def workers(services: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """The keeper of the worker that tests share."""
    with Console(services) as console:
        kept = Workers(services, tmp_path_factory.mktemp("worker"), console)
        yield kept
        kept.stop()


@pytest.fixture
def worker(workers: Workers) -> Worker:
    """The worker that tests share: its log and its queues hold what other tests have left."""
    return workers.shared()


@pytest.fixture
def new_worker(workers: Workers, services: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts a worker with variables of its own, `new_worker(LEASE=3)`, while the shared one is away."""
    workers.stop()
    with ExitStack() as stack:

        def start(**variables: object) -> Worker:
            return stack.enter_context(Worker(with_variables(services, variables), tmp_path, workers.console))

        yield start


@pytest.fixture
def beside(services: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Console]]:
    """Starts a Python with variables of its own, `beside(BROKER_URL=...)`."""
    with ExitStack() as stack:
        yield lambda **variables: stack.enter_context(Console(with_variables(services, variables)))


def with_variables(env: Mapping[str, str], variables: Mapping[str, object]) -> dict[str, str]:
    """An environment with some of the service's variables set."""
    return {**env, **{f"{PREFIX}{name}": str(value) for name, value in variables.items()}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests with workers of their own to the end: the shared one is stopped once."""
    items.sort(key=lambda item: "new_worker" in getattr(item, "fixturenames", ()))
