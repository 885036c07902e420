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
    schema = f"asyncgen_{uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield ""
        return
    with connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
        try:
            yield f"{POSTGRESQL}?options={quote(f'-csearch_path={schema}')}&application_name={schema}"
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


@contextmanager
def database() -> Iterator[str]:
    """The same, of a database: for what schemas are made in, and counted."""
    name = f"asyncgen_{uuid4().hex[:8]}"
    try:
        connection = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield ""
        return
    with connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
