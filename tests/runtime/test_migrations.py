"""Migrations of a service's own tables: once, all or nothing, and never of a table that is another's."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from runtime import MigrationError, StoreUnavailable
from runtime.idempotency.sql.database import engine_of
from runtime.idempotency.sql.migrations import migrate
from runtime.migrations import Migrations
from tests.postgresql import postgresql
from tests.support import write

from .idempotency.support import Processes

ENV = """\
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table
from runtime import migrations

METADATA = MetaData(naming_convention=migrations.metadata.naming_convention)
Table("orders", METADATA, Column("id", Integer, primary_key=True), Column("name", String))
Table(
    "lines",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
)
migrations.run(METADATA)
"""
FIRST = """\
op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "lines",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    )"""
SECOND = """\
with op.batch_alter_table("orders", recreate="always" if op.get_bind().dialect.name == "sqlite" else "auto") as batch:
        batch.add_column(sa.Column("name", sa.String))"""
CONCURRENTLY = """\
with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY named ON orders (name)")"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/own.sqlite"
        return
    with postgresql() as schema:
        if not schema:
            assert not os.environ.get("CI")
            pytest.skip("the PostgreSQL at ASYNCGEN_POSTGRESQL_URL is needed")
        yield schema


@pytest.fixture
def revise(tmp_path: Path) -> Callable[[str, str, str | None], None]:
    """Writes the migration of one number, which follows another one."""

    def write_one(number: str, body: str, after: str | None) -> None:
        head = f'"""step {number}"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        names = f"revision = {number!r}\ndown_revision = {after!r}\n"
        write(tmp_path / "own", {f"versions/{number}.py": f"{head}{names}\n\ndef upgrade():\n    {body}\n"})

    write(tmp_path / "own", {"env.py": ENV, "versions/.gitkeep": ""})
    return write_one


@pytest.fixture
def own(tmp_path: Path, revise: Callable[[str, str, str | None], None]) -> Migrations:
    """Two migrations, which make what the models describe."""
    revise("1", FIRST, None)
    revise("2", SECOND, "1")
    return Migrations(str(tmp_path / "own"))


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Forks of this process."""
    forked = Processes()
    yield forked
    assert not forked.alive


def tables(url: str) -> set[str]:
    return set(inspect(engine_of(url)).get_table_names())


def test_a_folder_without_migrations_asks_for_nothing(url: str, revise: object, tmp_path: Path) -> None:
    empty = Migrations(str(tmp_path / "own"))
    assert empty.lacking(url) == empty.upgrade(url) == []
    assert tables(url) == set()


def test_what_is_lacking_is_told_and_applied_once(url: str, own: Migrations) -> None:
    assert own.lacking(url) == ["1 step 1", "2 step 2"]
    assert own.upgrade(url) == ["1 step 1", "2 step 2"]
    assert own.lacking(url) == own.upgrade(url) == own.differences(url) == []
    assert {"orders", "lines", "runtime_alembic_version"} <= tables(url)


def test_however_many_migrate_each_migration_runs_once(
    url: str, own: Migrations, revise: Callable[[str, str, str | None], None], processes: Processes
) -> None:
    if url.startswith("postgresql"):  # a process that waits in a statement for its turn would stop this index
        revise("3", CONCURRENTLY, "2")
    pids = [processes.fork(lambda: own.upgrade(url)) for _ in range(4)]
    assert [processes.wait(pid) for pid in pids] == [0] * 4  # within 30 s
    assert own.lacking(url) == []


def test_a_migration_that_fails_leaves_nothing_behind_and_is_named(
    url: str, own: Migrations, revise: Callable[[str, str, str | None], None]
) -> None:
    revise(
        "3",
        'op.create_table("half", sa.Column("id", sa.Integer))\n    op.execute("INSERT INTO no_such_table VALUES (1)")',
        "2",
    )
    with pytest.raises(MigrationError, match=r"expected the migration 3 step 3 to apply, got: .*no_such_table"):
        own.upgrade(url)
    assert tables(url).isdisjoint({"half", "orders"})
    assert own.lacking(url) == ["1 step 1", "2 step 2", "3 step 3"]


def test_a_table_that_is_made_anew_keeps_what_refers_to_it(url: str, own: Migrations, tmp_path: Path) -> None:
    second = tmp_path / "own/versions/2.py"
    kept = second.read_text()
    second.unlink()
    own.upgrade(url)
    with engine_of(url).begin() as connection:
        connection.execute(text("INSERT INTO orders (id) VALUES (1)"))
        connection.execute(text("INSERT INTO lines (id, order_id) VALUES (1, 1)"))
    second.write_text(kept)
    assert own.upgrade(url) == ["2 step 2"]
    with engine_of(url).begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM lines")) == 1


def test_a_table_that_no_model_describes_is_never_dropped(url: str, own: Migrations) -> None:
    migrate(url)
    own.upgrade(url)
    with engine_of(url).begin() as connection:
        connection.execute(text("CREATE TABLE celery_taskmeta (id INTEGER)"))
        connection.execute(text("CREATE TABLE another_outbox (id INTEGER)"))
    assert own.differences(url) == []


def test_a_change_of_a_model_without_a_migration_is_told(url: str, own: Migrations, tmp_path: Path) -> None:
    env = tmp_path / "own/env.py"
    env.write_text(env.read_text().replace('"name", String', '"title", String'))
    own.upgrade(url)
    lines = " ".join(own.differences(url))
    assert "add_column(sa.Column('title'" in lines
    assert "drop_column('name')" in lines


def test_a_database_of_a_later_release_is_an_error_that_says_so(url: str, own: Migrations, tmp_path: Path) -> None:
    own.upgrade(url)
    (tmp_path / "own/versions/2.py").unlink()
    for ask in (own.upgrade, own.lacking):
        with pytest.raises(MigrationError, match=r"got: .*'2'.*; deploy the release that has the revision"):
            ask(url)


def test_two_last_migrations_are_an_error_that_says_so(
    url: str, own: Migrations, revise: Callable[[str, str, str | None], None]
) -> None:
    revise("3", "pass", "1")
    with pytest.raises(MigrationError, match="Multiple head revisions"):
        own.upgrade(url)


def test_a_server_that_is_away_is_no_migration_s_fault(own: Migrations) -> None:
    with pytest.raises(StoreUnavailable):
        own.upgrade("postgresql://postgres@127.0.0.1:1/test")


@pytest.mark.parametrize("url", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True)
def test_the_command_alembic_works_on_the_database_of_the_environment(
    url: str, own: Migrations, tmp_path: Path
) -> None:
    mako = Path(__file__).parents[2] / "template/service/src/{{package}}/migrations/script.py.mako"
    write(tmp_path, {"pyproject.toml": '[tool.alembic]\nscript_location = "own"\n'})
    write(tmp_path / "own", {"script.py.mako": mako.read_text(), "env.py": ENV.replace('"name"', '"title"')})

    def alembic(*arguments: str, store: str = url) -> "subprocess.CompletedProcess[str]":
        env = {**os.environ, "RUNTIME_IDEMPOTENCY_URL": store, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-m", "alembic", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert alembic("upgrade", "head").returncode == 0
    assert own.lacking(url) == []
    ran = alembic("revision", "--autogenerate", "-m", "title")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (added,) = (tmp_path / "own/versions").glob("*_title.py")
    assert "drop_table" not in added.read_text()
    assert alembic("upgrade", "head").returncode == 0
    assert own.differences(url) == []
    unset = alembic("current", store="")
    assert (unset.stdout + unset.stderr).startswith("FAILED: expected RUNTIME_IDEMPOTENCY_URL to be set, got: nothing;")
