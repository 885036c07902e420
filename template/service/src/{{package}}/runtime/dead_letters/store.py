"""Store a dead letter: the original message, whole, with a header that says why it died."""

import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from celery.app.task import Context
from celery.exceptions import Reject, TimeLimitExceeded
from kombu.utils.json import dumps

from ..brokers import DEAD_LETTER_HEADER
from ..idempotency.notes import note
from ..publishing import publish_message
from ..queues import QueueClass
from ..service import current_service
from ..settings import settings
from ..signals import before_dead_letter_publish, dead_letter_stored
from .message import JSON, headers_of

__all__ = ["store_message", "store_run"]

TASK_HEADERS = (
    *("lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit"),
    *("root_id", "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting"),
    *("stamped_headers", "stamps"),
)
"""The headers of a task message (Celery's message protocol, version 2)."""

EMBEDDED = ("callbacks", "errbacks", "chain", "chord")
"""What a task's message carries beside its arguments: what comes after it."""

TRACEBACK_LIMIT = 16 * 1024
"""Characters, counted from the end: all headers of a message have to fit into one frame of 128 KiB on RabbitMQ."""

REASON_LIMIT = 4 * 1024
"""Characters, counted from the beginning; likewise."""

SQL_PARAMETERS = re.compile(r"\[parameters: .*$", re.MULTILINE)
SQL_DETAIL = re.compile(r"DETAIL: .*?(?=^\[SQL: |^$|\Z)", re.MULTILINE | re.DOTALL)
"""Where SQLAlchemy and PostgreSQL quote the values of a statement: in letters, which are kept, they may be personal."""


def store_run(task: Any, request: Context, failure: BaseException) -> None:
    """Store the message behind the run that `request` describes; raises PublishError if the broker does not take it."""
    headers = {name: value for name in TASK_HEADERS if (value := request.get(name)) is not None}
    _store(
        task.work_queue.value,
        dumps([request.args or [], request.kwargs or {}, {name: request.get(name) for name in EMBEDDED}]),
        {**headers, **(request.headers or {}), "task": task.name},
        without_values(f"{type(failure).__name__}: {_description(failure)}")[:REASON_LIMIT],
        without_values("".join(traceback.format_exception(failure)))[-TRACEBACK_LIMIT:],
        content_type=JSON,
        content_encoding="utf-8",
        properties={"correlation_id": request.correlation_id, "reply_to": request.reply_to},
        failure=failure,
    )
    note(current_service().open_store, task.name, str(request.id), "dead", settings().retention)


def store_message(queue: QueueClass, message: Any, reason: str) -> None:
    """Store a message that no task could be made of, as it came; raises PublishError if the broker does not take it."""
    _store(
        queue,
        message.body,
        headers_of(message),
        reason,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        properties=message.properties,
    )


def without_values(text: str) -> str:
    """An error's text without the values that SQL statements had."""
    return SQL_PARAMETERS.sub("[parameters: hidden]", SQL_DETAIL.sub("DETAIL: hidden\n", text))


def _description(failure: BaseException) -> object:
    """What Celery's own exceptions know, which is not in their text."""
    if isinstance(failure, TimeLimitExceeded):
        return f"it was killed after {failure.args[0]} s"
    return getattr(failure, "reason", failure) if isinstance(failure, Reject) else failure


def _store(
    queue: QueueClass,
    body: str | bytes,
    headers: Mapping[str, Any],
    reason: str,
    trace: str = "",
    failure: BaseException | None = None,
    **message: Any,
) -> None:
    starts = headers.get("retries") or 0
    death = {
        "reason": reason,
        "traceback": trace,
        "attempts": starts + 1 if isinstance(starts, int) else 1,
        "last": datetime.now(UTC).isoformat(),
    }
    letter = {**headers, DEAD_LETTER_HEADER: death}
    before_dead_letter_publish.send(queue, headers=letter, reason=reason)
    publish_message(current_service().broker.dead_letter_queue(queue), body, letter, **message)
    dead_letter_stored.send(queue, headers=letter, reason=reason, failure=failure)
