"""The PostgreSQL that tests, chaos runs and benchmarks may use."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg

__all__ = ["POSTGRESQL", "database", "postgresql"]

POSTGRESQL = os.environ.get("ASYNCGEN_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/test")


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a schema that is dropped with the block; empty, so that SQLite is taken, where there is no server."""
    with _made("CREATE SCHEMA {}", "DROP SCHEMA {} CASCADE") as schema:
        options = f"options={quote(f'-csearch_path={schema}')}&application_name={schema}"
        yield f"{POSTGRESQL}?{options}" if schema else ""


@contextmanager
def database(options: str = "") -> Iterator[str]:
    """The same, of a database: for what schemas are made in, and counted. options: of CREATE DATABASE."""
    with _made(f"CREATE DATABASE {{}} {options}", "DROP DATABASE {} WITH (FORCE)") as name:
        yield urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl() if name else ""


@contextmanager
def _made(create: str, drop: str) -> Iterator[str]:
    """The name of what `create` makes, until the block ends; empty where there is no server."""
    name = f"asyncgen_{uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield ""
        return
    with connection:
        connection.execute(create.format(name).encode())
        try:
            yield name
        finally:
            connection.execute(drop.format(name).encode())
