"""For Django on the database of the idempotency store: the message is a row of Django's own transaction."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from sqlalchemy import TextClause, make_url
from sqlalchemy.dialects import postgresql, sqlite

from .. import outbox
from ..settings import settings
from ..task import ServiceTask
from . import django

__all__ = ["publish", "shares_database"]

DIALECTS: dict[str, Any] = {
    "postgresql": postgresql.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(paramstyle="pyformat"),
}
"""By Django's name of a database's vendor. Django's cursors take `%(name)s`."""


def publish(
    task: ServiceTask, arguments: Mapping[str, Any], task_id: str = "", using: str = DEFAULT_DB_ALIAS, **options: Any
) -> str:
    """Publish a task once under its id, as `submit` does, with the commit of the database `using`, by the outbox.

    Raises Busy, KeyConflict and PayloadError. Where that is not the database of the service, see `django.publish`.
    """
    if not shares_database(using):
        return django.publish(task, arguments, task_id, using, **options)
    session: Any = DjangoSession(using)
    with transaction.atomic(using=using):  # the record and the message, also where the caller opens none
        return outbox.submit(session, task, arguments, task_id, **options)


def shares_database(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether Django's database is the one of the idempotency store, by the same name and libpq's `options`.

    Not with a namespace, which is a schema of its own.
    """
    connection, url = connections[using], make_url(settings().require("idempotency_url"))
    named, kind = connection.settings_dict, url.get_backend_name()
    if settings().namespace or connection.vendor != {"postgres": "postgresql"}.get(kind, kind):
        return False
    if connection.vendor == "sqlite":
        return Path(named["NAME"]).resolve() == Path(url.database or "").resolve()
    server = (named["HOST"], str(named["PORT"] or 5432), named["NAME"], named["OPTIONS"].get("options"))
    return server == (url.host or "", str(url.port or 5432), url.database, url.query.get("options"))


class DjangoSession:
    """What the outbox uses of SQLAlchemy's session and its connection, on Django's connection."""

    def __init__(self, using: str) -> None:
        self._connection = connections[using]
        self.dialect = DIALECTS[self._connection.vendor]

    def connection(self) -> "DjangoSession":
        """Itself."""
        return self

    def execute(self, statement: TextClause, parameters: Mapping[str, Any]) -> "Rows":
        """Run one statement in Django's transaction."""
        cursor = self._connection.cursor()
        cursor.execute(str(statement.compile(dialect=self.dialect)), dict(parameters))
        return Rows(cursor)


class Rows:
    """What a statement has found or changed."""

    def __init__(self, cursor: Any) -> None:
        self.rowcount: int = cursor.rowcount
        names = [column[0] for column in cursor.description or ()]
        found = cursor.fetchall() if names else []
        self._rows = [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in found]

    def first(self) -> SimpleNamespace | None:
        """The first row that was found."""
        return next(iter(self._rows), None)
