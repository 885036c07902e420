"""pytest fixtures of a service. `service`: one delivery in this process. `worker`: a real worker on a real broker.

The tests of tasks use `service` alone, whose servers are private. Only the other fixtures use the servers that the
environment names: name a broker that no other worker of this service is on.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..settings import PREFIX
from .app import load_app
from .delivery import InProcessService
from .processes import Console, Effects, Worker, Workers
from .servers import Unavailable, needs, running
from .stores import store_module

__all__ = [
    "effects",
    "new_worker",
    "pytest_configure",
    "pytest_unconfigure",
    "service",
    "services",
    "worker",
    "workers",
]

STACK = ExitStack()
OUTSIDE = dict(os.environ)
BROKER, STORE = f"{PREFIX}BROKER_URL", f"{PREFIX}IDEMPOTENCY_URL"


def pytest_configure(config: pytest.Config) -> None:
    """Before anything of the service is imported: the environment of the tests in this process."""
    folder = Path(STACK.enter_context(tempfile.TemporaryDirectory()))
    private = {variable: scheme for variable, scheme in needs().items() if variable != BROKER}
    os.environ.update(STACK.enter_context(running(folder, private, environ={})))
    os.environ[BROKER] = "memory://"
    store_module(os.environ[STORE]).prepare(os.environ[STORE])


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    STACK.close()


@pytest.fixture
def service() -> InProcessService:
    """The service in this process, with an empty store and an empty broker."""
    store_module(os.environ[STORE]).empty(os.environ[STORE])
    return InProcessService(load_app())


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment with the servers that the service needs: those named outside, else started here."""
    folder = tmp_path_factory.mktemp("services")
    with ExitStack() as stack:
        try:
            urls = stack.enter_context(running(folder, needs(), environ=OUTSIDE))
        except Unavailable as unavailable:
            if OUTSIDE.get("CI"):
                raise
            pytest.skip(str(unavailable))
        store_module(urls[STORE]).prepare(urls[STORE])
        yield {**OUTSIDE, **urls, f"{PREFIX}LEASE": "3", f"{PREFIX}KEY_LEASE": "3"}


@pytest.fixture(scope="session")
def workers(services: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """Starts and stops the worker that tests share."""
    with Console(services) as console:
        started = Workers(services, tmp_path_factory.mktemp("worker"), console)
        yield started
        started.stop()


@pytest.fixture
def worker(workers: Workers) -> Worker:
    """The worker that tests share: its log and its queues hold what other tests have left."""
    return workers.shared()


@pytest.fixture
def new_worker(workers: Workers, services: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts a worker with variables of its own, `new_worker(LEASE=3)`, while the shared one is stopped."""
    workers.stop()
    with ExitStack() as stack:

        def start(**variables: object) -> Worker:
            return stack.enter_context(Worker(with_variables(services, variables), tmp_path, workers.console))

        yield start


@pytest.fixture
def effects(services: dict[str, str], tmp_path: Path) -> Effects:
    """Runs whose effects can be counted, for a worker of `new_worker`."""
    return Effects(services, tmp_path, load_app().service.store.modes[0])


def with_variables(env: Mapping[str, str], variables: Mapping[str, object]) -> dict[str, str]:
    """An environment with some of the service's variables set."""
    return {**env, **{f"{PREFIX}{name}": str(value) for name, value in variables.items()}}
