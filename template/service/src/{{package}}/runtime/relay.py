"""The relay: sends what the outbox holds.

A relay that dies after sending a message and before deleting its row leaves the row behind, and the next one sends it
again with the same ids, which the idempotency of the tasks catches. So nothing is lost, and nothing done twice.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import current_app
from celery.canvas import Signature
from kombu.utils.json import loads
from sqlalchemy import Connection, Row, bindparam, text

from .errors import PublishError, StoreUnavailable
from .idempotency.sql.backlog import Backlog, backlog_of
from .idempotency.sql.database import CLOCK, OUTBOX, engine_of, transaction
from .idempotency.sql.failures import translating_errors
from .probe import write
from .publishing import WORKFLOW, publish_steps
from .settings import settings

__all__ = ["Backlog", "OutboxMessage", "Relay", "backlog", "publish"]

log = logging.getLogger(__name__)

BATCH = {"postgresql": 100, "sqlite": 10}
"""Messages in one transaction. On SQLite it holds the one write lock, hence few; on PostgreSQL only its own rows."""

MAX_RETRY_DELAY = 300.0
"""Seconds between two tries to send a message that fails each time."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A task to send, or the steps of a workflow (WORKFLOW), its one argument.

    `options` are those of Celery's `apply_async`, without the task id.
    """

    id: str
    task: str
    args: list[Any]
    kwargs: dict[str, Any]
    options: dict[str, Any]


class Relay:
    """Sends what has been committed, in the order of its publishing. Several may run; on SQLite they take turns.

    `send` publishes one message and returns once the broker has it, or raises. A message that it raises for stays, is
    tried again after a growing wait, and delays the ones behind it for no longer than that one attempt.
    """

    def __init__(self, url: str, send: Callable[[OutboxMessage], None]) -> None:
        self._engine = engine_of(url)
        self._where = self._engine.url.render_as_string()
        self._send = send
        dialect = self._engine.dialect.name
        self._batch = BATCH[dialect]
        clock = CLOCK[dialect]
        skip = "FOR UPDATE SKIP LOCKED" if dialect == "postgresql" else ""
        self._take = text(
            f"SELECT id, task, payload, failures FROM {OUTBOX} WHERE due_at <= {clock} "
            f"ORDER BY due_at LIMIT :batch {skip}"
        )
        self._delete = text(f"DELETE FROM {OUTBOX} WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
        self._delay = text(
            f"UPDATE {OUTBOX} SET failures = failures + 1, error = :error, due_at = {clock} + :wait WHERE id = :id"
        )

    def run(self, stop: threading.Event, idle: float = 0.5) -> None:
        """Relay until `stop` is set, looking again `idle` seconds after there was nothing to send; with a heartbeat."""
        while not stop.is_set():
            try:
                self.drain(stop, _heartbeat)
            except StoreUnavailable as error:
                log.warning("the outbox could not be read, the next try is near: %s", error)
                _heartbeat("it cannot read the outbox")
            time.sleep(idle)  # not `stop.wait`: a signal handler that sets `stop` could meet the lock that it holds

    def drain(self, stop: threading.Event | None = None, on_batch: Callable[[], None] = lambda: None) -> int:
        """Send what is due until nothing is, or until a message fails; return how many were sent.

        on_batch: called after each transaction. Raises StoreUnavailable.
        """
        sent = 0
        while not (stop and stop.is_set()):
            batch, failed = self._relay_batch()
            sent += batch
            on_batch()
            if failed or batch < self._batch:
                break
        return sent

    def _relay_batch(self) -> tuple[int, bool]:
        sent: list[str] = []
        failure: BaseException | None = None
        with translating_errors(self._where), transaction(self._engine) as connection:
            for row in connection.execute(self._take, {"batch": self._batch}).all():
                try:
                    self._send(_message(row))
                except BaseException as error:  # a shutdown, too, must not forget what has been sent so far
                    failure = error
                    self._put_back(connection, row, error)
                    break
                sent.append(row.id)
            if sent:
                connection.execute(self._delete, {"ids": sent})
            connection.commit()
        if failure and not isinstance(failure, Exception):
            raise failure
        return len(sent), failure is not None

    def _put_back(self, connection: Connection, row: Row[Any], error: BaseException) -> None:
        wait = min(2.0**row.failures, MAX_RETRY_DELAY)
        log.error("task %s with id %s was not sent, again in %d s: %r", row.task, row.id, wait, error)
        connection.execute(self._delay, {"id": row.id, "error": repr(error), "wait": wait})


def publish(message: OutboxMessage) -> None:
    """Publish one message as its task or its workflow would: the `send` of a service's relay. Raises PublishError.

    Arguments that an earlier release has let into the outbox are not refused, which would keep them there for ever.
    """
    if message.task == WORKFLOW:
        (steps,) = message.args
        steps = Signature.from_dict(steps, app=current_app)
        publish_steps(message.options["root_id"], steps, message.options.get("headers"))
        return
    task: Any = current_app.tasks.get(message.task)
    if task is None:
        raise PublishError(
            f"expected {message.task} to be a task of this service, got: an unknown name; "
            "start the relay from the release that has it"
        )
    task.apply_async(tuple(message.args), message.kwargs, task_id=message.id, check=False, **message.options)


def backlog(url: str) -> Backlog:
    """Tell what waits in the outbox: for an alarm on its age. Raises StoreUnavailable."""
    engine = engine_of(url)
    with translating_errors(engine.url.render_as_string()), engine.connect() as connection:
        return backlog_of(connection)


def _heartbeat(*faults: str) -> None:
    limit = settings().health_limit
    write(settings().heartbeat_file, limit, 0 if faults else limit, list(faults))


def _message(row: Row[Any]) -> OutboxMessage:
    args, kwargs, options = loads(row.payload)
    return OutboxMessage(row.id, row.task, args, kwargs, options)
