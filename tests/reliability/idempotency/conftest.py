"""The idempotency room of a generated service, on every store that it may run on, and processes that die on purpose.

`kind` is each store in turn. A test forks its processes from this one, as a prefork pool does, after the store was
used here.
"""

import contextlib
import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.reliability.postgresql import POSTGRESQL

SOURCE = Path(__file__).parents[3] / "template/service/src/{{package}}"
FAKE = "import sys, fakeredis; fakeredis.TcpFakeServer(('127.0.0.1', int(sys.argv[1]))).serve_forever()"


def render(folder: Path, package: str, options: set[str]) -> None:
    """Copy the package's Python files for a project with these options, as Copier names them."""
    for path in SOURCE.rglob("*"):
        parts = []
        for part in path.relative_to(SOURCE).parts:
            named = re.fullmatch(r"{% if (\w+) %}(.+){% endif %}", part)
            parts.append((named[2] if named[1] in options else "") if named else part)
        if path.is_file() and all(parts) and parts[-1].endswith(".py"):
            target = folder.joinpath(package, *parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    (folder / package / "__init__.py").write_text(f'NAME = "{package}"\n')


def missing(what: str) -> None:
    """Skip at home, fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is needed")
    pytest.skip(f"{what} is needed")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def until(happened: Callable[[], Any], patience: float = 20) -> Any:
    """The first true value of `happened`."""
    deadline = time.monotonic() + patience
    while not (seen := happened()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return seen


def listening(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A Redis that belongs to these tests, so that they may stop it."""

    def __init__(self, command: list[str], port: int) -> None:
        self.command, self.port, self.url = command, port, f"redis://127.0.0.1:{port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: listening(self.port))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not shutil.which("redis-server"):
        missing("redis-server")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    keep = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    server = Server(["redis-server", "--port", str(port), "--dir", str(folder), *keep], port)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def fakeredis_server() -> Iterator[Server]:
    port = free_port()
    server = Server([sys.executable, "-c", FAKE, str(port)], port)
    server.start()
    yield server
    server.kill()


@dataclass
class Kind:
    """One kind of store with its service's package."""

    name: str
    package: str
    url: str
    folder: Path
    server: Server | None = None
    modules: dict[str, Any] = field(default_factory=dict)

    def module(self, name: str) -> Any:
        return importlib.import_module(f"{self.package}.{name}")

    @property
    def room(self) -> Any:
        return self.module("idempotency")

    @property
    def store(self) -> Any:
        return self.room.open_store(self.url)

    @property
    def sql(self) -> bool:
        return self.name in ("postgresql", "sqlite")

    def attempt(
        self, key: str, mode: str = "lease", *, owner: str = "task-1", payload: str = "payload", **terms: Any
    ) -> Any:
        terms = {"lease": 30.0, "retention": 60.0, "suspend_on": (Postponed,), **terms}
        return self.store.attempt(mode, key=key, owner=owner, fingerprint=payload, **terms)

    def run(self, key: str, mode: str = "lease", result: Any = None, **terms: Any) -> Any:
        """One delivery from its claim to its end: the attempt as it was found, with the effect made if it had to be."""
        with self.attempt(key, mode, **terms) as attempt:
            if not attempt.done:
                self.effect(attempt, key)
                attempt.result = result
        return attempt

    def effect(self, attempt: Any, key: str) -> None:
        """Leave a trace outside the store, or in the attempt's transaction where it has one."""
        if attempt.session is None:
            with (self.folder / key).open("a") as file:
                file.write("x")
        else:
            self.say(f"INSERT INTO {self.package}_effects (key) VALUES (:key)", attempt.session, key=key)

    def effects(self, key: str) -> int:
        path = self.folder / key
        count = len(path.read_text()) if path.exists() else 0
        if self.sql:
            count += self.ask(f"SELECT count(*) FROM {self.package}_effects WHERE key = :key", key=key)
        return count

    def say(self, sql: str, connection: Any, **values: Any) -> Any:
        from sqlalchemy import text

        return connection.execute(text(sql), values)

    def ask(self, sql: str, **values: Any) -> Any:
        with self.module("database").engine_of(self.url).begin() as connection:
            answer = self.say(sql, connection, **values)
            return answer.scalar() if answer.returns_rows else None

    def redis(self) -> Any:
        from redis import Redis

        return Redis.from_url(self.url, decode_responses=True)

    def lapse(self, key: str) -> None:
        """Let the key's time run out."""
        if self.sql:
            self.ask(f"UPDATE {self.package}_idempotency_keys SET expires_at = 0 WHERE key = :key", key=key)
        else:
            with self.redis() as client:
                client.delete(f"{self.package}:key:{key}")

    def state(self, key: str) -> str | None:
        """What the store says about the key, expired or not."""
        if self.sql:
            found = self.ask(f"SELECT state FROM {self.package}_idempotency_keys WHERE key = :key", key=key)
        else:
            with self.redis() as client:
                found = client.hget(f"{self.package}:key:{key}", "state")
        return None if found is None else str(found)


class Postponed(Exception):  # noqa: N818  # named as what it stands for
    """Stands for Celery's Retry."""


class Interrupted(Exception):  # noqa: N818  # the same
    """Stands for Celery's SoftTimeLimitExceeded, which a signal raises."""


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kind]]:
    """The packages, each under a name of its own so that a shared server keeps nothing of another run."""
    folder = tmp_path_factory.mktemp("packages")
    sys.path.insert(0, str(folder))
    made = {}
    for name in ("redis", "fakeredis", "postgresql", "sqlite"):
        package = f"{name[:4]}{uuid.uuid4().hex[:8]}"
        sql = name in ("postgresql", "sqlite")
        render(folder, package, {"store_sql", "redis"} if sql else {"store_redis", "redis"})
        made[name] = Kind(name, package, "", tmp_path_factory.mktemp(name))
    yield made
    sys.path.remove(str(folder))


def prepared(kind: Kind, request: pytest.FixtureRequest) -> Kind:
    if kind.url:
        return kind
    if kind.sql:
        url = POSTGRESQL if kind.name == "postgresql" else f"sqlite:///{kind.folder / 'store.db'}"
        try:
            kind.module("migrations").migrate(url)
        except Exception as error:
            missing(f"{url} ({type(error).__name__})")
        kind.url = url
        kind.ask(f"CREATE TABLE {kind.package}_effects (key TEXT NOT NULL)")
        if kind.name == "postgresql":
            request.session.addfinalizer(lambda: _drop(kind))
    else:
        kind.server = request.getfixturevalue(f"{kind.name}_server")
        kind.url = kind.server.url
    return kind


def _drop(kind: Kind) -> None:
    for table in ("effects", "idempotency_keys", "outbox", "migrations"):
        kind.ask(f"DROP TABLE IF EXISTS {kind.package}_{table}")


@pytest.fixture(params=["redis", "fakeredis", "postgresql", "sqlite"])
def kind(request: pytest.FixtureRequest, kinds: dict[str, Kind]) -> Kind:
    return prepared(kinds[request.param], request)


@pytest.fixture(params=["redis", "postgresql", "sqlite"])
def real(request: pytest.FixtureRequest, kinds: dict[str, Kind]) -> Kind:
    return prepared(kinds[request.param], request)


@pytest.fixture(params=["postgresql", "sqlite"])
def sql(request: pytest.FixtureRequest, kinds: dict[str, Kind]) -> Kind:
    return prepared(kinds[request.param], request)


@pytest.fixture
def postgresql(request: pytest.FixtureRequest, kinds: dict[str, Kind]) -> Kind:
    return prepared(kinds["postgresql"], request)


@pytest.fixture
def redis(request: pytest.FixtureRequest, kinds: dict[str, Kind]) -> Kind:
    return prepared(kinds["redis"], request)


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


class Processes:
    """Forks of this process. What is still there at the end of a test is killed."""

    def __init__(self) -> None:
        self.alive: set[int] = set()

    def fork(self, body: Callable[[], Any]) -> int:
        """Run `body` in a child: exit status 0 if it returned, 1 if it raised."""
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                body()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        self.alive.add(pid)
        return pid

    def wait(self, pid: int, patience: float = 30) -> int:
        """The exit status, negative for a signal."""
        deadline = time.monotonic() + patience
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self.alive.discard(pid)
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, "the child did not end"
            time.sleep(0.005)

    def killed(self, body: Callable[[], Any]) -> None:
        """Run a body that is expected to kill its process."""
        assert self.wait(self.fork(body)) == -signal.SIGKILL


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes()
    yield made
    for pid in list(made.alive):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not exist: "transactional" on Redis."""
    impossible = [item for item in items if re.search(r"\[(fake)?redis-(.*-)?transactional", item.name)]
    config.hook.pytest_deselected(items=impossible)
    items[:] = [item for item in items if item not in impossible]
