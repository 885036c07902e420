"""pytest fixtures of a service. `service`: one delivery in this process. `worker`: a real worker on a real broker.

The tests of tasks use `service` alone, whose servers are private. Only the other fixtures use the servers that the
environment names, under names of their own.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest

from ..settings import PREFIX
from .app import load_app
from .delivery import InProcessService
from .processes import Console, Effects, Worker, Workers
from .servers import Unavailable, described, needs, new_namespace, running
from .stores import store_module

__all__ = [
    "configure_process",
    "effects",
    "new_worker",
    "pytest_configure",
    "pytest_report_header",
    "pytest_unconfigure",
    "service",
    "services",
    "started",
    "with_variables",
    "worker",
    "workers",
]

STACK = ExitStack()
OUTSIDE = dict(os.environ)
BROKER, STORE = f"{PREFIX}BROKER_URL", f"{PREFIX}IDEMPOTENCY_URL"


def pytest_configure(config: pytest.Config) -> None:
    """Before anything of the service is imported: the environment of the tests in this process."""
    configure_process(config, needs())


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is tested here, and on which servers."""
    workers = [f"a worker's {line}" for line in described(needs(), OUTSIDE)]
    return [
        "tested here: tasks, workflows, the queue table and one kill; the runtime is tested with its template",
        f"servers of tasks: a broker in memory; {'; '.join(described(_private(needs()), {}))}",
        *workers,
    ]


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    STACK.close()


@pytest.fixture
def service() -> InProcessService:
    """The service in this process, with an empty store, empty tables and an empty broker."""
    _prepare(os.environ[STORE])
    store_module(os.environ[STORE]).empty(os.environ[STORE])
    return InProcessService(load_app())


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment with the servers that the service needs: those named outside, else started here."""
    with started(tmp_path_factory.mktemp("services"), needs(), OUTSIDE, new_namespace("test")) as environment:
        yield environment


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
    """Starts a worker with variables of its own, `new_worker(LEASE=3)`, while the shared one is stopped.

    A class of workers comes first, `new_worker(Threaded)`. It is killed when the test ends: a warm stop would take two
    seconds.
    """
    workers.stop()
    with ExitStack() as stack:

        def start(kind: type[Worker] = Worker, /, **variables: object) -> Worker:
            worker = stack.enter_context(kind(with_variables(services, variables), tmp_path, workers.console))
            stack.callback(worker.kill)
            return worker

        yield start


@pytest.fixture
def effects(services: dict[str, str], tmp_path: Path) -> Effects:
    """Runs whose effects can be counted, for a worker of `new_worker`."""
    return Effects(services, tmp_path)


def configure_process(config: pytest.Config, schemes: Mapping[str, str]) -> None:
    """Let this process use a broker in memory, and private servers for the other variables in `schemes`.

    Not the one that distributes tests with pytest-xdist: the others would take its servers for those named outside.
    """
    if config.getoption("dist", "no") != "no":
        return
    folder = Path(STACK.enter_context(tempfile.TemporaryDirectory()))
    os.environ.update(STACK.enter_context(running(folder, _private(schemes), environ={})))
    os.environ[BROKER] = "memory://"


@cache
def _prepare(url: str) -> None:
    """Not before the first test that needs it: the migrations of the service's own tables are those of its app."""
    store_module(url).prepare(url)


def _private(schemes: Mapping[str, str]) -> dict[str, str]:
    return {variable: scheme for variable, scheme in schemes.items() if variable != BROKER}


@contextmanager
def started(
    folder: Path, schemes: Mapping[str, str], environ: Mapping[str, str], namespace: str = ""
) -> Iterator[dict[str, str]]:
    """`environ` with the URLs that `schemes` asks for, and short leases; skips where a server cannot be started.

    In CI (the variable CI is set) that is an error.
    """
    with ExitStack() as stack:
        try:
            urls = stack.enter_context(running(folder, schemes, environ, namespace))
        except Unavailable as unavailable:
            if environ.get("CI"):
                raise
            pytest.skip(str(unavailable))
        if STORE in urls:
            store_module(urls[STORE]).prepare(urls[STORE])
        yield {**environ, **urls, f"{PREFIX}LEASE": "3", f"{PREFIX}KEY_LEASE": "3"}


def with_variables(env: Mapping[str, str], variables: Mapping[str, object]) -> dict[str, str]:
    """An environment with some of the service's variables set."""
    return {**env, **{f"{PREFIX}{name}": str(value) for name, value in variables.items()}}
