"""The fixtures of the runtime's harness, on the brokers and stores that a service may have.

A test with a worker runs EVERYWHERE, unless it or its module names others. The tests of a group run in one process of
pytest-xdist (`--dist loadgroup`), which starts the servers and the shared worker once.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from runtime.brokers.rabbitmq.settings import rabbitmq_settings
from runtime.brokers.redis.settings import redis_settings
from runtime.testing import fixtures, published_tasks
from runtime.testing.processes import Console
from tests.postgresql import postgresql
from tests.real_redis import require_redis

from .combinations import COMBINATIONS, EVERYWHERE, Combination
from .proxy import Proxy
from .service.queues import Queue

ROOT = Path(__file__).parents[2]
SOURCE = Path(fixtures.__file__).parents[2]
APP = "tests.runtime.service.app"
VARIABLES = {
    "PYTHONPATH": os.pathsep.join(map(str, [ROOT / "tests/absent", SOURCE, ROOT])),
    "RUNTIME_APP": APP,
    "RUNTIME_BREAKER_RESET": "2",
    "RUNTIME_DELIVERY_LIMIT": "3",
    "RUNTIME_PAYLOAD_LIMIT": "1000000",
}
"""The environment of a service in tests, beside its servers."""
TRACED = VARIABLES | {"PYTHONPATH": os.pathsep.join(map(str, [SOURCE, ROOT]))}
"""That of one that is traced, or has FastAPI: OpenTelemetry is not hidden from it."""

BROKER, STORE, RESULT = (f"RUNTIME_{kind}_URL" for kind in ("BROKER", "IDEMPOTENCY", "RESULT"))

effects = fixtures.effects
new_worker = fixtures.new_worker
published = published_tasks.published
pytest_unconfigure = fixtures.pytest_unconfigure
service = fixtures.service
worker = fixtures.worker
workers = fixtures.workers


def pytest_configure(config: pytest.Config) -> None:
    """The service in this process has a broker in memory, and SQLite."""
    os.environ["RUNTIME_APP"] = APP
    fixtures.configure_process(config, {STORE: "postgresql", RESULT: "postgresql"})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """See `combinations`."""
    if "services" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on") or EVERYWHERE
        chosen, slow = marker.args
        parameters = [
            pytest.param(
                each,
                id=str(each),
                marks=[
                    pytest.mark.long,
                    pytest.mark.xdist_group(each.group),
                    *([pytest.mark.slow] if str(each) in slow else []),
                ],
            )
            for each in chosen
        ]
        metafunc.parametrize("services", parameters, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests that stop the shared worker to the end of each combination."""

    def place(item: pytest.Item) -> tuple[int, bool]:
        callspec = getattr(item, "callspec", None)
        combination = callspec.params.get("services") if callspec else None
        if combination is None:
            return -1, False
        own_workers = {"new_worker", "probed"} & set(getattr(item, "fixturenames", ()))
        return COMBINATIONS.index(combination), bool(own_workers)

    items.sort(key=place)


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a private RabbitMQ."""
    with fixtures.started(tmp_path_factory.mktemp("rabbitmq"), {BROKER: "amqp"}, fixtures.OUTSIDE) as environment:
        yield environment[BROKER]


@pytest.fixture(scope="session")
def services(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a service, on private servers of its own."""
    combination: Combination = request.param
    if "redis" in (combination.broker, combination.store):
        require_redis()
    kind = {"redis": "redis", "sql": "postgresql"}[combination.store]
    environ = {**fixtures.OUTSIDE, **VARIABLES}
    with ExitStack() as stack:
        if combination.broker == "rabbitmq":
            environ[BROKER] = request.getfixturevalue("rabbitmq")
            delete_queues(environ[BROKER])
        if combination.store == "sql" and (url := stack.enter_context(postgresql())):
            environ[STORE], environ[RESULT] = url, url.replace("postgresql:", "postgresql+psycopg:")
        schemes = {BROKER: combination.broker, STORE: kind, RESULT: kind}
        yield stack.enter_context(fixtures.started(tmp_path_factory.mktemp(str(combination)), schemes, environ))


def delete_queues(url: str) -> None:
    """Leave nothing of another combination, which may have declared them otherwise."""
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        for queue in Queue:
            for name in (queue.value.wire_name, queue.value.dead_name):
                channel.queue_delete(name)


@pytest.fixture
def new_console(services: dict[str, str]) -> Iterator[Callable[..., Console]]:
    """Starts a Python with variables of its own, `new_console(BROKER_URL=...)`."""
    with ExitStack() as stack:
        yield lambda **variables: stack.enter_context(Console(fixtures.with_variables(services, variables)))


@pytest.fixture
def proxy(services: dict[str, str]) -> Iterator[Proxy]:
    """A way to the broker that a test can freeze and cut."""
    with Proxy(services[BROKER]) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def way(services: dict[str, str]) -> Iterator[tuple[Console, Proxy]]:
    """A Python whose way to the broker can be cut, for the tests of a module, and the proxy on that way."""
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy(services[BROKER]))
        yield stack.enter_context(Console(fixtures.with_variables(services, {"BROKER_URL": proxy.url}))), proxy


@pytest.fixture
def set_variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets variables of a broker for this process, `set_variables(LEASE=7)`; what was read of them is forgotten."""

    def set_them(**variables: object) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(f"RUNTIME_{name}", str(value))
        redis_settings.cache_clear()
        rabbitmq_settings.cache_clear()

    yield set_them
    redis_settings.cache_clear()
    rabbitmq_settings.cache_clear()


@pytest.fixture
def register() -> Iterator[Callable[..., Any]]:
    """Registers a function as a task, for the length of a test."""
    from runtime import ServiceTask

    from .service.app import app

    before = set(app.tasks)

    def registered(run: Callable[..., Any], name: str, **options: Any) -> Any:
        make: Any = app.task
        options = {
            "work_queue": Queue.SHORT,
            "idempotency": "natural",
            "soft_time_limit": 1,
            "time_limit": 2,
            **options,
        }
        return make(shared=False, base=ServiceTask, bind=True, name=name, **options)(run)

    yield registered
    for name in set(app.tasks) - before:
        del app.tasks[name]
