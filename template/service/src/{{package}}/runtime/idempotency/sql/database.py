"""The connections to the SQL database: PostgreSQL, and for development one SQLite file.

Idempotency keys and the outbox live in it beside the service's own tables: one transaction has to hold them together.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, NullPool, Pool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from ...errors import ConfigurationError
from ...settings import NAME, settings

__all__ = ["CLOCK", "KEYS", "OUTBOX", "engine_of", "session_in", "transaction"]

log = logging.getLogger(__name__)

KEYS = f"{NAME}_idempotency_keys"
OUTBOX = f"{NAME}_outbox"
"""The tables carry the service's name, so that services can share a database; a namespace is a schema of its own."""

CLOCK = {
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
"""Seconds since 1970 by the database, the one clock that all processes share, as SQL by dialect."""

POSTGRESQL = {"postgresql", "postgres", "postgresql+psycopg"}
SQLITE = {"sqlite", "sqlite+pysqlite"}

LIBPQ = {
    "application_name": NAME,
    "client_encoding": "utf8",
    "connect_timeout": "3",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
"""A server that is away is noticed within 3 s, one that vanishes within 25 s; libpq waits for hours. What it sends
is UTF-8, whatever the database's own encoding is: of one without any (SQL_ASCII) psycopg gives texts as bytes."""

SERVER = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
"""The same from the other side: what a worker held whose machine vanishes is free again within 25 s."""

WATCH = "SELECT set_config(name, '2000', false) FROM pg_settings WHERE name = 'client_connection_check_interval'"
"""A statement of a worker that was killed ends within 2 s, and its locks with it (since PostgreSQL 14)."""

LOCK_WAIT = 5.0
"""How long SQLite waits for its one writer, in seconds."""

_engines: list[Engine] = []
_inherited: list[Pool] = []


@cache
def engine_of(url: str) -> Engine:
    """Return the engine for a URL, always the same one; it connects when it is used.

    Raises ConfigurationError for another kind of database.
    """
    parsed = make_url(url)
    if parsed.drivername in SQLITE and parsed.database and parsed.database != ":memory:":
        # No pool: a connection that a signal has left with the write lock must not wait there for its next use.
        engine = create_engine(parsed, connect_args={"timeout": LOCK_WAIT}, poolclass=NullPool)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    elif parsed.drivername in POSTGRESQL:
        options = {name: value for name, value in LIBPQ.items() if name not in parsed.query}
        if namespace := settings().namespace:
            options["options"] = f"{parsed.query.get('options', '')} -csearch_path={namespace}"
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args=options,
            isolation_level="READ COMMITTED",
            max_overflow=-1,  # the pool of the worker is the limit: a task never waits for a connection
        )
        event.listen(engine, "connect", _prepare_postgresql)
    else:
        raise ConfigurationError(
            "expected a postgresql:// URL or the sqlite:/// URL of a file, "
            f"got: {parsed.render_as_string()}; correct the URL"
        )
    _engines.append(engine)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that the block may commit, and roll back what it leaves, wherever a signal has struck it."""
    connection = engine.connect()
    try:
        connection.begin()
        yield connection
    finally:
        try:
            _abandon_statement(connection)
            connection.close()
        except (DBAPIError, psycopg.Error) as error:
            # Nothing is committed: the server rolls back by itself. How the block has ended must not be replaced.
            log.warning("a transaction was left to the server to roll back: %s", error)
            with suppress(SQLAlchemyError):
                connection.invalidate()
            connection.close()


@contextmanager
def session_in(connection: Connection) -> Iterator[Session]:
    """Open a session within the connection's transaction; its own commit only flushes, and closing it never raises."""
    session = Session(connection, join_transaction_mode="rollback_only")
    try:
        yield session
    finally:
        with suppress(DBAPIError):
            session.close()


def _abandon_statement(connection: Connection) -> None:
    """Cancel what a soft time limit has interrupted: else the server goes on with it and keeps its locks."""
    if connection.closed or connection.invalidated:
        return
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection) and driver.info.transaction_status is TransactionStatus.ACTIVE:
        driver.cancel_safe(timeout=3)
        connection.invalidate()


def _forget_connections() -> None:
    """In a forked child: leave the parent's connections alone. They stay referenced, for to drop one would close it."""
    for engine in _engines:
        _inherited.append(engine.pool)
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget_connections)


def _prepare_postgresql(connection: Any, _: Any) -> None:
    connection.autocommit = True
    connection.execute(SERVER)
    connection.execute(WATCH)
    connection.autocommit = False


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the module's own BEGIN would come late and not immediate
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock first: a transaction that asks for it later can fail with nothing to wait for.

    A connection that only reads takes none: it sees what is committed, and waits for nobody.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
