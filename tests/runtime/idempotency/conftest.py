"""Every store that a service may run on, on servers of its own. `kind` is each of them in turn."""

import contextlib
import os
import re
import shutil
import signal
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runtime.idempotency.sql.migrations import migrate
from runtime.testing.servers.process import free_port, serving
from runtime.testing.servers.redis import fakeredis_command, redis_command
from tests.postgresql import postgresql as postgresql_schema

from .support import EFFECTS, Kind, Processes


def missing(what: str) -> None:
    """Skip at home, fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is needed")
    pytest.skip(f"{what} is needed")


def open_redis(folder: Path, stack: ExitStack) -> Kind:
    binary = shutil.which("redis-server")
    if binary is None:
        missing("redis-server")
        raise AssertionError
    port = free_port()
    server = stack.enter_context(serving(redis_command(binary, port, folder), port, folder / "log"))
    return Kind("redis", f"redis://127.0.0.1:{port}/0", folder, server)


def open_fakeredis(folder: Path, stack: ExitStack) -> Kind:
    port = free_port()
    stack.enter_context(serving(fakeredis_command(port), port, folder / "log"))
    return Kind("fakeredis", f"redis://127.0.0.1:{port}/0", folder)


def open_postgresql(folder: Path, stack: ExitStack) -> Kind:
    url = stack.enter_context(postgresql_schema())
    if not url:
        missing("the PostgreSQL at ASYNCGEN_POSTGRESQL_URL")
    return prepare_sql(Kind("postgresql", url, folder), stack)


def open_sqlite(folder: Path, stack: ExitStack) -> Kind:
    return prepare_sql(Kind("sqlite", f"sqlite:///{folder / 'store.db'}", folder), stack)


def prepare_sql(kind: Kind, stack: ExitStack) -> Kind:
    migrate(kind.url)
    kind.query(f"CREATE TABLE {EFFECTS} (key TEXT NOT NULL)")
    stack.callback(kind.store.close)
    return kind


OPEN = {"redis": open_redis, "fakeredis": open_fakeredis, "postgresql": open_postgresql, "sqlite": open_sqlite}


class Kinds(dict[str, Kind]):
    """By name; each is opened when it is first asked for."""

    def __init__(self, folders: pytest.TempPathFactory, stack: ExitStack) -> None:
        super().__init__()
        self._folders, self._stack = folders, stack

    def __missing__(self, name: str) -> Kind:
        kind = self[name] = OPEN[name](self._folders.mktemp(name), self._stack)
        return kind


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinds]:
    with ExitStack() as stack:
        yield Kinds(tmp_path_factory, stack)


@pytest.fixture(params=["redis", "fakeredis", "postgresql", "sqlite"])
def kind(request: pytest.FixtureRequest, kinds: Kinds) -> Kind:
    return kinds[request.param]


@pytest.fixture(params=["redis", "postgresql", "sqlite"])
def real(request: pytest.FixtureRequest, kinds: Kinds) -> Kind:
    return kinds[request.param]


@pytest.fixture(params=["postgresql", "sqlite"])
def sql(request: pytest.FixtureRequest, kinds: Kinds) -> Kind:
    return kinds[request.param]


@pytest.fixture
def postgresql(kinds: Kinds) -> Kind:
    return kinds["postgresql"]


@pytest.fixture
def redis(kinds: Kinds) -> Kind:
    return kinds["redis"]


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def processes() -> Iterator[Processes]:
    """What is still there at the end of a test is killed."""
    made = Processes()
    yield made
    for pid in list(made.alive):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not exist: "transactional" on Redis."""
    here = Path(__file__).parent
    impossible = [
        item
        for item in items
        if item.path.parent == here and re.search(r"\[(fake)?redis-(.*-)?transactional", item.name)
    ]
    config.hook.pytest_deselected(items=impossible)
    items[:] = [item for item in items if item not in impossible]
