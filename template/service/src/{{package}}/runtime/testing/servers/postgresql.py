"""PostgreSQL for a demo or a test: one that is named, else SQLite through the same SQLAlchemy code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from ...errors import ConfigurationError

__all__ = ["description", "own", "started", "url"]


def description() -> str:
    """What `started` gives."""
    return "a file of SQLite, in place of PostgreSQL"


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Yield the start of a URL; nothing has to run."""
    yield f"sqlite:///{folder}/store"


def url(server: str, number: int) -> str:
    """A file of its own for each use."""
    return f"{server}{number}.sqlite"


def own(url: str, namespace: str) -> tuple[str, Callable[[], None]]:
    """The URL of a new schema on a named server, and what drops it."""
    parsed = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, poolclass=NullPool)
    try:
        _execute(engine, f"CREATE SCHEMA IF NOT EXISTS {namespace}")
    except DBAPIError as error:
        raise ConfigurationError(
            f"expected to make a schema at {parsed.render_as_string()}, got: {str(error.orig).strip()}; "
            "start the server, grant CREATE on the database, or unset the variable for SQLite in its place"
        ) from error
    options = f"{parsed.query.get('options', '')} -csearch_path={namespace}".strip()
    named = make_url(url).update_query_dict({"options": options}).render_as_string(hide_password=False)
    return named, lambda: _execute(engine, f"DROP SCHEMA IF EXISTS {namespace} CASCADE")


def _execute(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '30s'"))
        connection.execute(text(statement))
