"""PostgreSQL for a demo or a test: SQLite instead, through the same SQLAlchemy code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["started", "url"]


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Yield the start of a URL; nothing has to run."""
    print("postgresql: SQLite in its place, since the environment names no server", file=sys.stderr)
    yield f"sqlite:///{folder}/store"


def url(server: str, number: int) -> str:
    """A file of its own for each use."""
    return f"{server}{number}.sqlite"
