"""The form of a dead letter, read from a message that the service or the broker has stored."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kombu.exceptions import KombuError
from kombu.serialization import loads

from ..brokers import DEAD_LETTER_HEADER
from ..queues import QueueClass

__all__ = [
    "DEFERRALS",
    "JSON",
    "DeadLetter",
    "deferrals_of",
    "headers_for_replay",
    "headers_of",
    "read",
    "without_history",
]

DEFERRALS = "deferrals"
"""The header in which a task's deferrals are counted: see `errors.RetryLater`."""

FORMER_DEFERRALS = "came_back"
"""Its name in messages of releases up to 0.2."""

JSON = "application/json"

HISTORY = ("redelivered", "x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "x-acquired-count")
"""What brokers add to a message that is redelivered or dead-lettered, by prefix."""

REASONS = {
    "delivery_limit": "DeliveryLimit: no worker that took it lived to finish it",
    "expired": "Expired: nobody took it in time",
    "rejected": "Rejected: a worker rejected it",
}


@dataclass(frozen=True)
class DeadLetter:
    """A task that will not be tried again by itself. Times are ISO 8601, UTC; `attempts` counts the starts.

    `body` is set, in base64, where the message was no task that could be read.
    """

    id: str
    task: str
    queue: str
    reason: str
    args: list[Any]
    kwargs: dict[str, Any]
    attempts: int
    first: str
    last: str
    traceback: str = ""
    headers: dict[str, Any] = field(default_factory=dict)
    body: str | None = None


def read(message: Any, queue: QueueClass) -> DeadLetter:
    """The letter in a message of `queue`'s dead letters, whoever has put it there."""
    death = message.headers.get(DEAD_LETTER_HEADER) or _death(message.headers, queue)
    headers = {name: value for name, value in without_history(message.headers).items() if name != DEAD_LETTER_HEADER}
    args, kwargs, body = _arguments(message)
    return DeadLetter(
        id=str(headers.get("id") or hashlib.sha256(_bytes(message.body)).hexdigest()[:32]),
        task=str(headers.get("task") or ""),
        queue=queue.name,
        reason=death["reason"],
        args=args,
        kwargs=kwargs,
        attempts=death["attempts"],
        first=headers.get("first_published") or death["last"],
        last=death["last"],
        traceback=death.get("traceback", ""),
        headers=headers,
        body=body,
    )


def headers_of(message: Any) -> dict[str, Any]:
    """The headers that fit the message's body: kombu has unpacked it, unless that failed."""
    packed = () if message.errors else ("compression",)
    return {name: value for name, value in message.headers.items() if name not in packed}


def without_history(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Headers for a new message: nothing that brokers have counted or noted of an earlier one."""
    return {name: value for name, value in headers.items() if not name.startswith(HISTORY)}


def deferrals_of(headers: Mapping[str, Any]) -> int:
    """How often the message has been deferred."""
    return int(headers.get(DEFERRALS) or headers.get(FORMER_DEFERRALS) or 0)


def headers_for_replay(headers: Mapping[str, Any]) -> dict[str, Any]:
    """The headers of a message that is published again: nothing of its death, and no time that has passed since."""
    kept = without_history(headers)
    for name in (DEAD_LETTER_HEADER, DEFERRALS, FORMER_DEFERRALS, "eta", "expires"):
        kept.pop(name, None)
    if "retries" in kept:
        kept["retries"] = 0
    return kept


def _death(headers: Mapping[str, Any], queue: QueueClass) -> dict[str, Any]:
    """What the broker noted. Its first death may have been a wait in a queue for delayed messages."""
    events = [event for event in headers.get("x-death") or () if event.get("queue") == queue.wire_name]
    reason = events[0]["reason"] if events else headers.get("x-first-death-reason", "rejected")
    moment = events[0].get("time") if events else None
    return {
        "reason": REASONS.get(reason, reason),
        "attempts": headers.get("retries", 0) + max(1, headers.get("x-delivery-count", 1)),
        "last": max(_iso(moment), headers.get("first_published", "")),  # RabbitMQ says it in whole seconds
    }


def _iso(moment: Any) -> str:
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment, UTC)
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return moment if isinstance(moment, str) else ""


def _arguments(message: Any) -> tuple[list[Any], dict[str, Any], str | None]:
    with suppress(KombuError, TypeError, ValueError):
        args, kwargs, _ = loads(message.body, message.content_type, message.content_encoding, accept={JSON})
        if isinstance(args, list) and isinstance(kwargs, dict):
            return args, kwargs, None
    return [], {}, b64encode(_bytes(message.body)).decode()


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)
