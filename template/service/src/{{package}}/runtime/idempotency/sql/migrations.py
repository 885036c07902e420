"""The tables of idempotency and outbox, in numbered steps that only grow.

There are two tables and they seldom change, so a list of SQL is enough: it needs no configuration, runs from the
installed package, and in PostgreSQL and SQLite alike a step and its number commit together. The migrations of the
service's own tables follow, with Alembic: see the runtime's module `migrations`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, inspect, text

from ...settings import settings
from .database import KEYS, OUTBOX, engine_of
from .failures import translating_errors

__all__ = ["APPLIED", "STEPS", "TABLES", "create_schema", "lacking", "migrate", "reaching"]

APPLIED = KEYS.replace("idempotency_keys", "migrations")

TABLES = {KEYS, OUTBOX, APPLIED}
"""The runtime's."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        f"""
        CREATE TABLE {KEYS} (
            key TEXT PRIMARY KEY,
            state TEXT NOT NULL CHECK (state IN ('held', 'suspended', 'done')),
            token TEXT NOT NULL,
            owner TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            result TEXT,
            expires_at DOUBLE PRECISION NOT NULL
        )
        """,
        f"CREATE INDEX {KEYS}_expires_at ON {KEYS} (expires_at)",
    ),
    (
        f"""
        CREATE TABLE {OUTBOX} (
            id TEXT PRIMARY KEY,
            task TEXT NOT NULL,
            payload TEXT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL,
            due_at DOUBLE PRECISION NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0,
            error TEXT
        )
        """,
        f"CREATE INDEX {OUTBOX}_due_at ON {OUTBOX} (due_at)",
    ),
)
"""Times are seconds since 1970. Append a step; never edit one that has been released."""


def migrate(url: str) -> list[int]:
    """Apply the steps that the database lacks and return their numbers; safe to run from many processes at once.

    Raises StoreUnavailable.
    """
    engine = engine_of(url)
    with translating_errors(engine.url.render_as_string()):
        return _migrate(engine)


def lacking(url: str) -> list[int]:
    """The numbers of the steps that the database at `url` lacks. Raises StoreUnavailable."""
    with reaching(url) as connection:
        return _lacking(connection) if inspect(connection).has_table(APPLIED) else list(range(1, len(STEPS) + 1))


@contextmanager
def reaching(url: str) -> Iterator[Connection]:
    """A connection to the database at `url`; in the block, raises StoreUnavailable for one that does not answer."""
    engine = engine_of(url)
    with translating_errors(engine.url.render_as_string()), engine.connect() as connection:
        yield connection


def _migrate(engine: Engine) -> list[int]:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            # A property of the file, and not to be set in a transaction: readers no longer stop the writer.
            connection.connection.cursor().execute("PRAGMA journal_mode = WAL")
    with engine.begin() as connection:
        _take_turns(connection)
        create_schema(connection)
        connection.execute(text(f"CREATE TABLE IF NOT EXISTS {APPLIED} (step INTEGER PRIMARY KEY)"))
        missing = _lacking(connection)
        for number in missing:
            for statement in STEPS[number - 1]:
                connection.execute(text(statement))
            connection.execute(text(f"INSERT INTO {APPLIED} (step) VALUES (:step)"), {"step": number})
    return missing


def _take_turns(connection: Connection) -> None:
    """Let one process migrate at a time; SQLite's transactions do that by themselves."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": APPLIED})


def create_schema(connection: Connection) -> None:
    """Of the namespace, where it is missing: to ask for it with IF NOT EXISTS needs a privilege all the same."""
    namespace = settings().namespace
    if not namespace or connection.dialect.name != "postgresql":
        return
    if connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": namespace}) is None:
        connection.execute(text(f"CREATE SCHEMA {namespace}"))


def _lacking(connection: Connection) -> list[int]:
    applied = set(connection.scalars(text(f"SELECT step FROM {APPLIED}")))
    return [number for number in range(1, len(STEPS) + 1) if number not in applied]
