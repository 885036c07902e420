"""Keep a dead letter: the original message, whole, with a header that says why it died."""

import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from celery.app.task import Context
from celery.exceptions import Reject, TimeLimitExceeded
from kombu.utils.json import dumps

from .. import broker
from ..publishing import publish_message
from ..queue_class import QueueClass
from .letter import HEADER, JSON, headers_of

__all__ = ["keep_message", "keep_run"]

TASK_HEADERS = (
    *("lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit"),
    *("root_id", "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting"),
    *("stamped_headers", "stamps"),
)
"""The headers of a task message (Celery's message protocol, version 2)."""

EMBEDDED = ("callbacks", "errbacks", "chain", "chord")
"""What a task's message carries beside its arguments: what comes after it."""

LONGEST_TRACEBACK = 16 * 1024
"""Characters, counted from the end: all headers of a message have to fit into one frame of 128 KiB on RabbitMQ."""


def keep_run(task: Any, request: Context, failure: BaseException) -> None:
    """Keep the message behind the run that `request` describes; raises PublishError if the broker does not take it."""
    headers = {name: value for name in TASK_HEADERS if (value := request.get(name)) is not None}
    _keep(
        task.work_queue.value,
        dumps([request.args or [], request.kwargs or {}, {name: request.get(name) for name in EMBEDDED}]),
        {**headers, **(request.headers or {}), "task": task.name},
        f"{type(failure).__name__}: {_said(failure)}",
        "".join(traceback.format_exception(failure))[-LONGEST_TRACEBACK:],
        content_type=JSON,
        content_encoding="utf-8",
        properties={"correlation_id": request.correlation_id, "reply_to": request.reply_to},
    )


def keep_message(queue: QueueClass, message: Any, reason: str) -> None:
    """Keep a message that no task could be made of, as it came; raises PublishError if the broker does not take it."""
    _keep(
        queue,
        message.body,
        headers_of(message),
        reason,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        properties=message.properties,
    )


def _said(failure: BaseException) -> object:
    """What Celery's own exceptions have to say, which is not in their text."""
    if isinstance(failure, TimeLimitExceeded):
        return f"it was ended after {failure.args[0]} s"
    return getattr(failure, "reason", failure) if isinstance(failure, Reject) else failure


def _keep(
    queue: QueueClass, body: str | bytes, headers: Mapping[str, Any], reason: str, trace: str = "", **message: Any
) -> None:
    starts = headers.get("retries") or 0
    death = {
        "reason": reason,
        "traceback": trace,
        "attempts": starts + 1 if isinstance(starts, int) else 1,
        "last": datetime.now(UTC).isoformat(),
    }
    publish_message(broker.dead_queue(queue), body, {**headers, HEADER: death}, **message)
