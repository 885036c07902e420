"""What a task may do with its session, and what the tables look like."""

# ruff: noqa: PT012  # what a guarded block does before it raises is the point

import os
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from runtime.errors import Busy, ConfigurationError
from runtime.idempotency.claim import Claim
from runtime.idempotency.sql import SqlStore, migrations
from runtime.idempotency.sql.database import engine_of
from runtime.settings import NAME

from .support import EFFECTS, Interrupted, Kind, Processes


def test_effect_and_key_commit_together_or_not_at_all(sql: Kind, key: str) -> None:
    with pytest.raises(KeyError), sql.attempt(key, "transactional") as attempt:
        sql.effect(attempt, key)
        attempt.session.flush()
        raise KeyError
    assert (sql.effects(key), sql.state(key)) == (0, None)
    sql.run(key, "transactional")
    assert (sql.effects(key), sql.state(key)) == (1, "done")


def test_an_early_commit_of_the_session_commits_nothing_early(sql: Kind, key: str) -> None:
    with pytest.raises(KeyError), sql.attempt(key, "transactional") as attempt:
        sql.effect(attempt, key)
        attempt.session.commit()
        sql.effect(attempt, key)
        raise KeyError
    assert (sql.effects(key), sql.state(key)) == (0, None)
    with sql.attempt(key, "transactional") as attempt:
        sql.effect(attempt, key)
        attempt.session.commit()
        sql.effect(attempt, key)
    assert (sql.effects(key), sql.state(key)) == (2, "done")


def test_a_rollback_of_the_session_is_refused(sql: Kind, key: str) -> None:
    with pytest.raises(RuntimeError, match="leave its transaction open"), sql.attempt(key, "transactional") as attempt:
        sql.effect(attempt, key)
        attempt.session.rollback()
        sql.effect(attempt, key)
    assert (sql.effects(key), sql.state(key)) == (0, None)


def test_a_part_may_be_rolled_back(sql: Kind, key: str) -> None:
    with sql.attempt(key, "transactional") as attempt:
        with pytest.raises(KeyError), attempt.session.begin_nested():
            sql.effect(attempt, key)
            raise KeyError
        sql.effect(attempt, key)
    assert (sql.effects(key), sql.state(key)) == (1, "done")


def test_an_error_of_the_task_s_own_statement_is_the_task_s(sql: Kind, key: str) -> None:
    with pytest.raises(IntegrityError), sql.attempt(key, "transactional") as attempt:
        sql.execute(f"INSERT INTO {EFFECTS} (key) VALUES (NULL)", attempt.session)
    with pytest.raises(SQLAlchemyError, match="no_such_table"), sql.attempt(key, "transactional") as attempt:
        sql.execute("SELECT * FROM no_such_table", attempt.session)
    assert not sql.run(key, "transactional").done


def test_objects_that_are_only_added_are_written_before_the_key_commits(sql: Kind, key: str) -> None:
    class Base(DeclarativeBase):
        pass

    class Effect(Base):
        __tablename__ = EFFECTS
        key: Mapped[str] = mapped_column(primary_key=True)

    class Missing(Base):
        __tablename__ = "no_such_table"
        key: Mapped[str] = mapped_column(primary_key=True)

    with sql.attempt(key, "transactional") as attempt:
        attempt.session.add(Effect(key=key))
    assert sql.effects(key) == 1
    with pytest.raises(Exception, match="no_such_table"), sql.attempt(f"{key}-2", "transactional") as attempt:
        attempt.session.add(Missing(key=key))
    assert sql.state(f"{key}-2") is None


def test_a_killed_worker_s_statement_gives_its_key_back(postgresql: Kind, processes: Processes, key: str) -> None:
    read, write = os.pipe()

    def run() -> None:
        with postgresql.attempt(key, "transactional") as attempt:
            postgresql.effect(attempt, key)
            os.write(write, b"x")
            postgresql.execute("SELECT pg_sleep(60)", attempt.session)

    pid = processes.fork(run)
    os.read(read, 1)
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    processes.wait(pid)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert not postgresql.run(key, "transactional").done
            break
        except Busy:
            time.sleep(0.1)
    assert postgresql.effects(key) == 1


def test_the_connections_to_postgresql_notice_a_peer_that_vanished(postgresql: Kind, key: str) -> None:
    with postgresql.attempt(key, "transactional") as attempt:
        for name in ("tcp_keepalives_idle", "client_connection_check_interval"):
            assert postgresql.execute(f"SHOW {name}", attempt.session).scalar() not in ("0", None)


def test_migrations_run_once_however_many_run_them(sql: Kind, processes: Processes, tmp_path: Path) -> None:
    assert migrations.migrate(sql.url) == []
    if sql.name == "sqlite":
        url = f"sqlite:///{tmp_path}/new.db"
        migrating = [processes.fork(lambda: migrations.migrate(url)) for _ in range(4)]
        assert [processes.wait(pid) for pid in migrating] == [0] * 4
    else:
        for table in ("idempotency_keys", "outbox", "migrations"):
            sql.query(f"DROP TABLE {NAME}_{table}")
        url = sql.url
        migrating = [processes.fork(lambda: migrations.migrate(url)) for _ in range(4)]
        assert [processes.wait(pid) for pid in migrating] == [0] * 4
    tables = set(inspect(engine_of(url)).get_table_names())
    assert {f"{NAME}_{table}" for table in ("idempotency_keys", "outbox", "migrations")} <= tables
    assert migrations.migrate(url) == []


def test_a_step_that_fails_leaves_nothing_behind(sql: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    half = (f"CREATE TABLE {NAME}_half (id INTEGER)", "INSERT INTO no_such_table VALUES (1)")
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, half))
    with pytest.raises(Exception, match="no_such_table"):
        migrations.migrate(sql.url)
    assert f"{NAME}_half" not in inspect(engine_of(sql.url)).get_table_names()
    monkeypatch.undo()
    assert migrations.migrate(sql.url) == []


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "sqlite:///:memory:", "redis://host/0"])
def test_another_database_is_refused(sql: Kind, url: str) -> None:
    with pytest.raises(ConfigurationError, match="expected a postgresql:// URL"):
        sql.open(url)


def test_interrupted_is_what_the_task_sees(sql: Kind, key: str) -> None:
    with pytest.raises(Interrupted), sql.attempt(key, "transactional") as attempt:
        sql.effect(attempt, key)
        raise Interrupted
    assert sql.effects(key) == 0


def test_a_key_that_another_transaction_takes_is_busy_at_once(postgresql: Kind, key: str) -> None:
    store, claim = SqlStore.open(postgresql.url), Claim.new(key, "task-1", "payload", 30.0, 60.0)
    with engine_of(postgresql.url).begin() as first, engine_of(postgresql.url).begin() as second:
        assert store.take(first, claim, '"kept"') is None
        began = time.monotonic()
        with pytest.raises(Busy):
            store.take(second, Claim.new(key, "task-1", "payload", 30.0, 60.0), None)
        assert time.monotonic() - began < 1
        first.commit()
        found = store.take(second, Claim.new(key, "task-1", "payload", 30.0, 60.0), None)
    assert found is not None
    assert (found.done, found.result) == (True, "kept")
