"""The outbox: tasks and workflows that are published if, and only if, the caller's transaction commits.

To publish after a commit can be forgotten by a crash in between; to publish before it announces rows that nobody sees
yet, or that are rolled back. So the message is a row of the same transaction:

    task.session.add(Order(id=order_id))
    publish(task.session, send_receipt.s(order_id))     # a task
    start(task.session, checkout.start, order_id)       # a workflow

The `relay`, a process of the service, sends the row and deletes it, about half a second after the commit. The session
of a `transactional` task will do, and any other one on the database of the idempotency store, such as a web request's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, Protocol, runtime_checkable
from uuid import uuid4

from celery import current_app
from kombu.utils.json import dumps
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from .errors import PayloadError
from .idempotency.claim import encode
from .idempotency.sql import SqlStore
from .idempotency.sql.database import CLOCK, OUTBOX, engine_of
from .idempotency.sql.failures import translating_errors
from .payload import check_payload
from .publishing import WORKFLOW, published_by
from .settings import settings
from .signals import before_outbox_insert
from .submission import Submission
from .task import ServiceTask

__all__ = ["publish", "session", "start", "submit"]

P = ParamSpec("P")


@runtime_checkable
class Checked(Protocol):
    """A task of a service whose application is imported; another one is known by its name alone."""

    @property
    def name(self) -> str:
        """The name that its messages have."""

    def checked(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any]
    ) -> tuple[Sequence[Any], Mapping[str, Any]]:
        """See ServiceTask."""


def publish(
    session: Session | Connection,
    task: str | Mapping[str, Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    **options: Any,
) -> str:
    """Send a task when the session's transaction commits, and return the task's id.

    `task` is a name or a signature of one task, `options` are those of `apply_async`: a `countdown` and an `expires` in
    seconds count from now. Raises PayloadError for arguments that the task does not take, or
    that may not travel in a message.
    """
    name, args, kwargs, options = _unpack(task, args, kwargs or {}, options)
    if isinstance(known := current_app.tasks.get(name), Checked):
        name, (args, kwargs) = known.name, known.checked(args, kwargs, options)
    else:
        check_payload(name, args, kwargs, settings().payload_limit)
    now = datetime.now(UTC)
    if (countdown := options.pop("countdown", None)) is not None:
        options["eta"] = now + timedelta(seconds=countdown)
    if isinstance(options.get("expires"), int | float):
        options["expires"] = now + timedelta(seconds=options["expires"])
    task_id: str = options.pop("task_id", None) or str(uuid4())
    _insert(session, task_id, name, list(args), dict(kwargs), options)
    return task_id


def start(session: Session | Connection, workflow: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> str:
    """Start a workflow when the session's transaction commits, and return the workflow's id.

    `workflow` is the function `start` of a workflow's module, called here with its arguments: what it publishes with
    `Workflow.publish` goes into the outbox. Raises PayloadError for arguments that a step does not take.
    """
    with published_by(lambda root, steps: _insert(session, str(uuid4()), WORKFLOW, [steps], {}, {"root_id": root})):
        return workflow(*args, **kwargs)


def submit(
    session: Session | Connection, task: ServiceTask, arguments: Mapping[str, Any], task_id: str = "", **options: Any
) -> str:
    """Publish a task once under the id that its caller chose, when the session's transaction commits; returns the id.

    The runtime's `submit` in one transaction with the caller's rows. Raises Busy, at once, while another transaction
    submits the same id; KeyConflict and PayloadError as that one does.
    """
    submission = Submission.new(task, arguments, task_id)
    store = SqlStore.open(settings().require("idempotency_url"))
    with submission.telling_conflicts():
        found = store.take(_connection(session), submission.claim, encode(submission.key))
    if found is None:
        publish(session, task.name, kwargs=submission.arguments, task_id=submission.id, **options)
    return submission.id


@contextmanager
def session() -> Iterator[Session]:
    """A session on the database of the idempotency store, such as for a web request; the end of the block commits."""
    engine = engine_of(settings().require("idempotency_url"))
    with translating_errors(engine.url.render_as_string()), Session(engine) as opened, opened.begin():
        yield opened


def _connection(session: Session | Connection) -> Connection:
    return session if isinstance(session, Connection) else session.connection()


def _insert(
    session: Session | Connection, message_id: str, task: str, args: list[Any], kwargs: dict[str, Any], options: Any
) -> None:
    before_outbox_insert.send(task, task_id=message_id, options=options)
    connection = _connection(session)
    clock = CLOCK[connection.dialect.name]
    connection.execute(
        text(
            f"INSERT INTO {OUTBOX} (id, task, payload, created_at, due_at) "
            f"VALUES (:id, :task, :payload, {clock}, {clock})"
        ),
        {"id": message_id, "task": task, "payload": dumps([args, kwargs, options])},
    )


def _unpack(
    task: str | Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any], options: dict[str, Any]
) -> tuple[str, Sequence[Any], Mapping[str, Any], dict[str, Any]]:
    """Merge a signature with what is passed beside it, as Celery does: its own arguments come last."""
    if isinstance(task, str):
        return task, args, kwargs, options
    if task.get("subtask_type"):
        raise PayloadError(
            f"expected the signature of one task, got: a {task['subtask_type']}; "
            "start it as a workflow, with the outbox's start"
        )
    if task.get("immutable"):
        return task["task"], task["args"], task["kwargs"], {**task["options"], **options}
    return task["task"], [*args, *task["args"]], {**task["kwargs"], **kwargs}, {**task["options"], **options}
