"""A PostgreSQL with one wrong setting each; its commands are run, and mend it."""

import functools
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from runtime import QueueClass
from runtime.diagnostics import Finding
from runtime.idempotency.sql import SqlStore, diagnostics, migrations
from runtime.idempotency.sql.database import engine_of
from runtime.testing.servers.process import free_port, serving, until
from tests.postgresql import database

from . import faults

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql"))
OWNER = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
QUEUES = [QueueClass("short", 10, concurrency=2), QueueClass("long", 60, concurrency=3)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An empty database: what is set in it, no other test sees."""
    with database() as url:
        if not url:
            assert not os.environ.get("CI"), "expected PostgreSQL"
            pytest.skip("PostgreSQL does not answer")
        yield url


def found(url: str) -> dict[str, Finding]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        return faults(diagnostics.diagnose(connection, engine.url, QUEUES))


def run(url: str, fix: str) -> None:
    """What `psql URL -c STATEMENT...` does."""
    program, _, *arguments = shlex.split(fix, comments=True)
    assert program == "psql"
    with psycopg.connect(url, autocommit=True) as connection:
        for flag, statement in zip(arguments[::2], arguments[1::2], strict=True):
            assert flag == "-c"
            connection.execute(statement.encode())


def test_a_database_without_an_encoding_has_texts_too() -> None:
    with database("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0") as url:
        if not url:
            assert not os.environ.get("CI"), "expected PostgreSQL"
            pytest.skip("PostgreSQL does not answer")
        assert migrations.migrate(url)
        with engine_of(url).connect() as connection:
            assert connection.execute(text("SELECT 'ü'")).scalar_one() == "ü"
        engine_of(url).dispose()


@pytest.mark.parametrize(
    ("subject", "plant", "ok", "words"),
    [
        ("synchronous_commit", "SET synchronous_commit = off", False, "loses what it has committed"),
        ("default_transaction_read_only", "SET default_transaction_read_only = on", False, "no key can be written"),
        (
            "default_transaction_isolation",
            "SET default_transaction_isolation = 'serializable'",
            True,
            "got: serializable",
        ),
        ("idle_in_transaction_session_timeout", "SET idle_in_transaction_session_timeout = 59999", False, "60000 ms"),
        ("connections", "CONNECTION LIMIT 7", False, "at least 8 connections"),
    ],
)
def test_a_wrong_setting_is_found_alone_and_its_command_mends_it(
    url: str, subject: str, plant: str, ok: bool, words: str
) -> None:
    assert found(url) == {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {make_url(url).database} {plant}".encode())
    ((name, finding),) = found(url).items()
    assert (name, finding.ok, finding.warning) == (f"store {subject}", ok, ok)
    assert words in finding.detail
    run(url, finding.fix)
    assert found(url) == {}


def test_an_outbox_that_is_not_sent_is_found(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store"
    migrations.migrate(url)
    store = SqlStore.open(url)

    def put(name: str, due: float, error: str | None) -> dict[str, Finding]:
        row = {"id": name, "at": time.time() - 90, "due": time.time() - due, "error": error}
        columns = "INSERT INTO runtime_outbox (id, task, payload, created_at, due_at, error)"
        with create_engine(url).begin() as connection:
            connection.execute(text(f"{columns} VALUES (:id, 'tests.waits', '[]', :at, :due, :error)"), row)
        return faults(store.diagnose(QUEUES))

    assert faults(store.diagnose(QUEUES)) == {}
    assert put("fresh", 5, None) == {}
    waiting = put("late", 90, None)["outbox"]
    assert (waiting.ok, waiting.fix) == (False, "runtime relay")
    assert "got: 2 that wait, the first for 90 s" in waiting.detail
    failing = put("failing", -60, "PublishError('no')")["outbox"]
    assert "got: 1 of 3 that fail, the oldest with PublishError('no')" in failing.detail
    assert failing.fix.startswith("runtime relay --once")


def test_a_server_that_is_too_old_is_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics, "OLDEST", 99)
    assert list(found(url)) == ["store version"]


def test_a_clock_that_differs_is_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 60)
    assert list(found(url)) == ["store clock"]


@pytest.fixture
def data() -> Iterator[Path]:
    """The folder of a new PostgreSQL, which refuses to run as root."""
    folder = Path(tempfile.mkdtemp(dir=Path("~postgres").expanduser() if OWNER else None))
    if OWNER:
        shutil.chown(folder, "postgres")
    command = [*OWNER, str(BINARIES / "initdb"), "--no-sync", "--auth", "trust", "--username", "postgres"]
    subprocess.run([*command, str(folder / "data")], check=True, capture_output=True, cwd=folder)
    yield folder / "data"
    shutil.rmtree(folder)


@contextmanager
def serving_from(data: Path, *options: str) -> Iterator[str]:
    port = free_port()
    command = [*OWNER, str(BINARIES / "postgres"), "-D", str(data), "-p", str(port), "-k", str(data.parent), *options]
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    with serving(command, port, data.parent / "log"):
        until(lambda: _accepts(url))
        yield url


def _is_sound(url: str) -> bool:
    return not found(url)


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(not BINARIES.is_dir(), reason="no initdb is where Debian puts it")
def test_a_server_that_does_not_sync_is_found_and_so_is_a_standby(data: Path) -> None:
    for setting in ("fsync", "full_page_writes"):
        with serving_from(data) as url:
            assert found(url) == {}
            run(url, f"psql {url} -c 'ALTER SYSTEM SET {setting} = off'")
        with serving_from(data) as url:
            (finding,) = found(url).values()
            assert (finding.subject, finding.ok) == (f"store {setting}", False)
            run(url, f"{finding.fix} -c 'SELECT pg_reload_conf()'")
            until(functools.partial(_is_sound, url))
    with serving_from(data, "-c", "max_connections=8") as url:
        (finding,) = found(url).values()
        assert (finding.subject, finding.ok) == ("store connections", False)
        assert "max_connections = 100" in finding.fix
    (data / "standby.signal").touch()
    with serving_from(data) as url:
        (finding,) = found(url).values()
        assert (finding.subject, finding.ok) == ("store role", False)
