"""SQL as the store of a demo or a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery.canvas import Signature
from kombu.utils.json import dumps, loads
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from ... import outbox
from ...idempotency.sql import SqlStore
from ...idempotency.sql.database import engine_of
from ...idempotency.sql.migrations import APPLIED, migrate
from ...migrations import VERSIONS
from ...publishing import WORKFLOW
from ...service import ServiceApp
from ...settings import NAME
from ..app import load_app
from ..effect_files import FileEffects

if TYPE_CHECKING:
    import pytest

__all__ = ["MODES", "Effects", "clean_up", "empty", "prepare", "publish_outbox_at_once", "session"]

MODES = SqlStore.modes
TABLE = f"{NAME}_test_effects"
KEPT = {APPLIED, VERSIONS, TABLE}
"""The tables that `empty` leaves as they are."""


def prepare(url: str) -> None:
    """Create the tables of the store, the service's own, and one for effects."""
    migrate(url)
    if own := load_app().service.migrations:
        own.upgrade(url)
    number = {"postgresql": "bigserial", "sqlite": "integer"}[engine_of(url).dialect.name]
    with engine_of(url).begin() as connection:
        connection.execute(text(f"CREATE TABLE IF NOT EXISTS {TABLE} (id {number} PRIMARY KEY, run text, line text)"))


def clean_up(url: str) -> None:
    """Drop the table of effects."""
    with engine_of(url).begin() as connection:
        connection.execute(text(f"DROP TABLE IF EXISTS {TABLE}"))


def empty(url: str) -> None:
    """Delete every key, and every row of the service's own tables; only for a database that was started for a test."""
    with engine_of(url).begin() as connection:
        quote = connection.dialect.identifier_preparer.quote
        for table, _ in reversed(inspect(connection).get_sorted_table_and_fkc_names()):
            if table and table not in KEPT:
                connection.execute(text(f"DELETE FROM {quote(table)}"))


def publish_outbox_at_once(patch: "pytest.MonkeyPatch", app: ServiceApp) -> None:
    """Publish what is put into the outbox, as the relay would after the commit, and write no row."""

    def insert(_: Any, message_id: str, task: str, args: list[Any], kwargs: dict[str, Any], options: Any) -> None:
        args, kwargs, options = loads(dumps([args, kwargs, options]))
        if task == WORKFLOW:
            Signature.from_dict(args[0], app=app).apply_async(**options)
        elif task in app.tasks:
            known: Any = app.tasks[task]
            known.apply_async(tuple(args), kwargs, task_id=message_id, check=False, **options)
        else:
            app.send_task(task, args, kwargs, task_id=message_id, **options)

    patch.setattr(outbox, "_insert", insert)


@contextmanager
def session(url: str) -> Iterator[Session]:
    """A session whose end commits: SQLite has one writer, so that to leave it open would keep tasks out."""
    with Session(engine_of(url)) as opened, opened.begin():
        yield opened


class Effects(FileEffects):
    """Those of `transactional` are rows that commit together with their keys, the others are lines of a file."""

    def __init__(self, url: str, mode: str, folder: Path) -> None:
        super().__init__(folder / mode)
        self._engine = engine_of(url) if mode == "transactional" else None
        self._run = str(folder)

    def add(self, task: Any, line: str) -> None:
        """Record one effect of a run of `task`."""
        if self._engine is None:
            self.append(line)
        else:
            task.session.execute(
                text(f"INSERT INTO {TABLE} (run, line) VALUES (:run, :line)"), {"run": self._run, "line": line}
            )

    def count(self) -> int:
        """How many there are so far."""
        return super().count() if self._engine is None else len(self.lines())

    def lines(self) -> list[str]:
        """The effects so far, oldest first."""
        if self._engine is None:
            return super().lines()
        with self._engine.begin() as connection:
            select = text(f"SELECT line FROM {TABLE} WHERE run = :run ORDER BY id")
            return list(connection.execute(select, {"run": self._run}).scalars())
