"""The keys in SQL: PostgreSQL, and SQLite for development, where transactional runs wait for each other."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, ClassVar, TypeVar

import psycopg
from kombu.utils.json import loads
from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import SQLAlchemyError

from ...diagnostics import Finding
from ...errors import StoreUnavailable
from ...queues import QueueClass
from ...urls import SQL
from ..claim import Attempt, Claim, Mode, Record, State, digest, encode, kept_as
from ..store import Store, SuspendOn
from . import migrations
from .database import engine_of, session_in, transaction
from .diagnostics import backlog, diagnose
from .failures import OPEN_TRANSACTION, is_lost, store_unavailable, translating_errors
from .statements import statements

__all__ = ["SqlStore"]

PURGE_BATCH = 1000
"""Rows in one transaction of `purge`: short, so that it never stands in the way."""

T = TypeVar("T")


class SqlStore(Store):
    """Keys as rows, each change one statement; the tables are made by `migrations`."""

    schemes: ClassVar[tuple[str, ...]] = SQL
    modes: ClassVar[tuple[Mode, ...]] = ("transactional", "lease", "at-most-once", "natural")

    @property
    def one_writer(self) -> bool:
        """See Store."""
        return self._sqlite

    @classmethod
    @cache
    def open(cls, url: str) -> "SqlStore":
        """The store at a postgresql:// URL or in a sqlite:/// file."""
        return cls(url)

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = engine_of(url)
        self._where = self._engine.url.render_as_string()
        self._sqlite = self._engine.dialect.name == "sqlite"
        # One statement is its own transaction. SQLite gets BEGIN IMMEDIATE to write: it costs no round trip there.
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._single = self._engine if self._sqlite else self._reading
        self._statements = statements(self._engine.dialect.name)

    @contextmanager
    def _transactional(self, claim: Claim, suspend_on: SuspendOn) -> Iterator[Attempt]:
        """Insert the key, run on `attempt.session`, commit both: exactly once for every effect made in that session.

        One statement more than the effect alone, and one more if a result is kept. Any exception, Celery's Retry
        included, rolls the effect back with its key. A second delivery meanwhile is Busy; one after the commit gets the
        result. No window: if the connection breaks during the commit, the next delivery finds either both or neither.
        An effect outside the session (mail, HTTP, a file) is not covered: pass the key on to it.
        """
        with ExitStack() as stack:
            connection, found = _retry_once(lambda: self._open(claim, stack))
            if found is None:
                yield from self._commit_together(connection, claim)
        if found:
            yield found

    def _open(self, claim: Claim, stack: ExitStack) -> tuple[Connection, Attempt | None]:
        stack.close()  # of a first try
        with translating_errors(self._where, claim):
            connection = stack.enter_context(transaction(self._engine))
            return connection, self._acquire(connection, self._statements.acquire_alone, claim, "done", claim.retention)

    def _commit_together(self, connection: Connection, claim: Claim) -> Iterator[Attempt]:
        opened = connection.get_transaction()
        # An early commit of the session must not record the key before the work is done: it only flushes.
        with session_in(connection) as session:
            attempt = Attempt(claim.key, session=session)
            try:
                yield attempt
                session.flush()
            except (SQLAlchemyError, psycopg.Error) as error:
                if is_lost(connection, error):
                    raise store_unavailable(self._where, error) from error
                raise
            if connection.invalidated:
                raise store_unavailable(self._where, "the connection was lost during the run")
            if opened is None or not opened.is_active:
                raise RuntimeError(
                    f"expected task {claim.owner} to leave its transaction open, got: a rollback, which undid the key "
                    "too; raise an exception instead, or use session.begin_nested() to roll a part back"
                )
            result = encode(attempt.result)
            with translating_errors(self._where):
                if result is not None:
                    self._complete(connection, claim, result)
                opened.commit()

    def acquire(self, claim: Claim, state: State, seconds: float) -> Attempt | None:
        """See Store."""
        return self._execute(lambda on: self._acquire(on, self._statements.acquire, claim, state, seconds), claim)

    def complete(self, claim: Claim, result: str | None) -> None:
        """See Store."""
        self._execute(lambda on: self._complete(on, claim, result))

    def suspend(self, claim: Claim) -> None:
        """See Store."""
        self._change(self._statements.suspend, key=claim.key, token=claim.token, seconds=claim.lease)

    def release(self, claim: Claim) -> None:
        """See Store."""
        self._change(self._statements.release, key=claim.key, token=claim.token)

    def renew(self, claim: Claim) -> bool:
        """See Store."""
        return self._change(self._statements.renew, key=claim.key, token=claim.token, seconds=claim.lease) > 0

    def take(self, connection: Connection, claim: Claim, result: str | None) -> Attempt | None:
        """Record the key as done with its result, in the caller's transaction, or return what is there.

        Raises Busy, without waiting, where another open transaction has the key, KeyConflict and StoreUnavailable.
        """
        found = self._acquire(connection, self._statements.acquire_alone, claim, "done", claim.retention)
        if found is None:
            with translating_errors(self._where):
                self._complete(connection, claim, result)
        return found

    def look(self, key: str) -> Record | None:
        """See Store. A `transactional` run has its row with its commit, and on PostgreSQL a lock until then."""
        kept = kept_as(key)

        def read(connection: Connection) -> Record | None:
            row = connection.execute(self._statements.look, {"key": kept}).first()
            if row is None or row.remaining <= 0:
                return None
            return Record(row.state, row.owner, None if row.result is None else loads(row.result))

        def step() -> Record | None:
            with translating_errors(self._where), self._reading.connect() as connection:
                if (found := read(connection)) is not None:
                    return found
                if connection.scalar(self._statements.locked, {"lock": _lock(kept)}):
                    return Record("held")
                return read(connection)  # it may have been committed before the lock was looked for

        return _retry_once(step)

    def in_outbox(self, task_id: str) -> bool:
        """See Store."""

        def step() -> bool:
            with translating_errors(self._where), self._reading.connect() as connection:
                return bool(connection.scalar(self._statements.in_outbox, {"id": task_id}))

        return _retry_once(step)

    def count_run(self, delivery: str, change: int, seconds: float) -> None:
        """See Store. A row beside the keys: no task's name begins with a blank."""
        self._change(self._statements.count_run, key=f" runs:{delivery}", change=change, seconds=seconds)

    def runs(self, delivery: str) -> int:
        """See Store."""
        look = {"key": f" runs:{delivery}"}
        row = self._execute(lambda on: on.execute(self._statements.look, look).first())
        return 0 if row is None or row.remaining <= 0 else int(row.result)

    def purge(self, now: float | None = None) -> int:
        """See Store."""
        deleted = 0
        while batch := self._change(self._statements.purge, now=now, batch=PURGE_BATCH):
            deleted += batch
        return deleted

    def lacking(self) -> list[str]:
        """See Store."""
        return [f"runtime {step}" for step in migrations.lacking(self._url)]

    def ping(self) -> None:
        """See Store."""
        self._execute(lambda on: on.execute(self._statements.ready))

    def diagnose(self, queues: Sequence[QueueClass]) -> Iterator[Finding]:
        """See Store."""
        with translating_errors(self._where), self._reading.connect() as connection:
            yield backlog(connection)
            if not self._sqlite:
                yield from diagnose(connection, self._engine.url, queues)

    def close(self) -> None:
        """See Store."""
        self._engine.dispose()

    # ---- one statement each ----

    def _acquire(
        self, connection: Connection, statement: TextClause, claim: Claim, state: State, seconds: float
    ) -> Attempt | None:
        with translating_errors(self._where, claim):
            while True:
                if connection.execute(statement, _parameters(claim, state=state, seconds=seconds)).rowcount:
                    return None
                row = connection.execute(self._statements.look, {"key": claim.key}).first()
                if row is not None and row.remaining > 0:
                    break
                if statement is self._statements.acquire_alone:
                    raise claim.busy(OPEN_TRANSACTION)
        if not claim.is_for(row.fingerprint, row.token):
            raise claim.conflict(row.state, row.owner)
        if row.state != "done":
            raise claim.busy(row.remaining, row.owner)
        return Attempt(claim.key, done=True, result=None if row.result is None else loads(row.result))

    def _complete(self, connection: Connection, claim: Claim, result: str | None) -> None:
        parameters = _parameters(claim, result=result, seconds=claim.retention)
        if not connection.execute(self._statements.complete, parameters).rowcount:
            raise claim.lost()

    def _change(self, statement: TextClause, **parameters: Any) -> int:
        return self._execute(lambda on: on.execute(statement, parameters).rowcount)

    def _execute(self, work: Callable[[Connection], T], claim: Claim | None = None) -> T:
        """Do one statement's work in a transaction of its own."""

        def step() -> T:
            with translating_errors(self._where, claim), transaction(self._single) as connection:
                result = work(connection)
                connection.commit()
                return result

        return _retry_once(step)


def _retry_once(step: Callable[[], T]) -> T:
    """Try once more: that the server has closed a pooled connection is only found out by using it."""
    try:
        return step()
    except StoreUnavailable:
        return step()


def _parameters(claim: Claim, **more: Any) -> dict[str, Any]:
    owned = {"key": claim.key, "token": claim.token, "owner": claim.owner, "fingerprint": claim.fingerprint}
    return owned | {"lock": _lock(claim.key)} | more


def _lock(key: str) -> int:
    """The number of the advisory lock that stands for the key."""
    return int.from_bytes(bytes.fromhex(digest(key))[:8], signed=True)
