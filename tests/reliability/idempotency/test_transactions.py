"""What a task may do with its session, and what the tables look like."""

# ruff: noqa: PT012  # what a guarded block does before it raises is the point

import os
import signal
import time
from pathlib import Path

import pytest

from .conftest import Interrupted, Kind, Processes


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
    from sqlalchemy.exc import IntegrityError, SQLAlchemyError

    with pytest.raises(IntegrityError), sql.attempt(key, "transactional") as attempt:
        sql.say(f"INSERT INTO {sql.package}_effects (key) VALUES (NULL)", attempt.session)
    with pytest.raises(SQLAlchemyError, match="no_such_table"), sql.attempt(key, "transactional") as attempt:
        sql.say("SELECT * FROM no_such_table", attempt.session)
    assert not sql.run(key, "transactional").done


def test_objects_that_are_only_added_are_written_before_the_key_commits(sql: Kind, key: str) -> None:
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase):
        pass

    class Effect(Base):
        __tablename__ = f"{sql.package}_effects"
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
            postgresql.say("SELECT pg_sleep(60)", attempt.session)

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
        except postgresql.room.Busy:
            time.sleep(0.1)
    assert postgresql.effects(key) == 1


def test_the_connections_to_postgresql_notice_a_peer_that_vanished(postgresql: Kind, key: str) -> None:
    with postgresql.attempt(key, "transactional") as attempt:
        for name in ("tcp_keepalives_idle", "client_connection_check_interval"):
            assert postgresql.say(f"SHOW {name}", attempt.session).scalar() not in ("0", None)


def test_migrations_run_once_however_many_run_them(sql: Kind, processes: Processes, tmp_path: Path) -> None:
    migrations, database = sql.module("migrations"), sql.module("database")
    assert migrations.migrate(sql.url) == []
    if sql.name == "sqlite":
        url = f"sqlite:///{tmp_path}/new.db"
        migrating = [processes.fork(lambda: migrations.migrate(url)) for _ in range(4)]
        assert [processes.wait(pid) for pid in migrating] == [0] * 4
    else:
        for table in ("idempotency_keys", "outbox", "migrations"):
            sql.ask(f"DROP TABLE {sql.package}_{table}")
        url = sql.url
        migrating = [processes.fork(lambda: migrations.migrate(url)) for _ in range(4)]
        assert [processes.wait(pid) for pid in migrating] == [0] * 4
    from sqlalchemy import inspect

    tables = set(inspect(database.engine_of(url)).get_table_names())
    assert {f"{sql.package}_{table}" for table in ("idempotency_keys", "outbox", "migrations")} <= tables
    assert migrations.migrate(url) == []


def test_a_step_that_fails_leaves_nothing_behind(sql: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    migrations = sql.module("migrations")
    half = (f"CREATE TABLE {sql.package}_half (id INTEGER)", "INSERT INTO no_such_table VALUES (1)")
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, half))
    with pytest.raises(Exception, match="no_such_table"):
        migrations.migrate(sql.url)
    from sqlalchemy import inspect

    assert f"{sql.package}_half" not in inspect(sql.module("database").engine_of(sql.url)).get_table_names()
    monkeypatch.undo()
    assert migrations.migrate(sql.url) == []


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "sqlite:///:memory:", "redis://host/0"])
def test_another_database_is_refused(sql: Kind, url: str) -> None:
    with pytest.raises(sql.module("errors").ConfigurationError, match="expected a postgresql:// URL"):
        sql.room.open_store(url)


def test_interrupted_is_what_the_task_sees(sql: Kind, key: str) -> None:
    with pytest.raises(Interrupted), sql.attempt(key, "transactional") as attempt:
        sql.effect(attempt, key)
        raise Interrupted
    assert sql.effects(key) == 0
