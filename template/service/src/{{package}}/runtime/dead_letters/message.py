"""The form of a dead letter, read from a message that the service or the broker has stored."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from kombu.serialization import loads

from ..brokers import DEAD_LETTER_HEADER, DELIVERY_COUNT, UNDECODABLE, deaths_of
from ..queues import QueueClass
from .display import as_count, as_json, as_text, as_time

__all__ = [
    "DEFERRALS",
    "JSON",
    "RESETS",
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

RESETS = "delivery_resets"
"""The header that counts how often a message was published again with a delivery count of its own."""

HISTORY = (RESETS, "redelivered", "x-death", "x-first-death-", "x-last-death-", DELIVERY_COUNT, "x-acquired-count")
"""What brokers add to a message that is redelivered or dead-lettered, by prefix."""

REASONS = {
    "delivery_limit": "DeliveryLimit: no worker that took it lived to finish it",
    "expired": "Expired: nobody took it in time",
    "rejected": "Rejected: a worker rejected it",
}


@dataclass(frozen=True)
class DeadLetter:
    """A task that will not be tried again by itself. Times are ISO 8601, UTC; `attempts` counts the starts.

    `body` is set, in base64, where the message was no task that could be read; a value in `headers` that JSON does not
    have is an object with the key "raw". What could not be read at all is empty.
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
    """The letter in a message of `queue`'s dead letters, whoever has put it there; it raises for none, however odd."""
    noted = message.headers.get(DEAD_LETTER_HEADER)
    if UNDECODABLE in message.headers:
        death = {"reason": f"Malformed: {as_text(message.headers[UNDECODABLE])}"}
    else:
        death = noted if isinstance(noted, dict) else _death(message.headers, queue)
    kept = without_history(message.headers)
    for name in (DEAD_LETTER_HEADER, UNDECODABLE):
        kept.pop(name, None)
    headers = {name: as_json(value) for name, value in kept.items()}
    args, kwargs, body = _arguments(message)
    last = as_time(death.get("last"))
    return DeadLetter(
        id=as_text(headers.get("id")) or _digest(headers, message.body),
        task=as_text(headers.get("task")),
        queue=queue.name,
        reason=_text(death.get("reason")),
        args=args,
        kwargs=kwargs,
        attempts=as_count(death.get("attempts")),
        first=as_time(headers.get("first_published")) or last,
        last=last,
        traceback=_text(death.get("traceback")),
        headers=headers,
        body=body,
    )


def headers_of(message: Any) -> dict[str, Any]:
    """The headers that fit the message's body: kombu has unpacked it, unless that failed."""
    packed = () if message.errors else ("compression",)
    return {name: value for name, value in message.headers.items() if name not in packed}


def without_history(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Headers for a new message: nothing that brokers have counted or noted of an earlier one."""
    named = {name if isinstance(name, str) else repr(name): value for name, value in headers.items()}
    return {name: value for name, value in named.items() if not name.startswith(HISTORY)}


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
    events = [event for event in deaths_of(headers) if event.get("queue") == queue.wire_name]
    reason = as_text(events[0].get("reason") if events else headers.get("x-first-death-reason", "rejected"))
    moment = as_time(events[0].get("time")) if events else ""
    return {
        "reason": REASONS.get(reason, reason),
        "attempts": as_count(headers.get("retries")) + max(1, as_count(headers.get(DELIVERY_COUNT))),
        "last": max(moment, as_time(headers.get("first_published"))),  # RabbitMQ says it in whole seconds
    }


def _arguments(message: Any) -> tuple[list[Any], dict[str, Any], str | None]:
    with suppress(Exception):  # whatever a decoder raises for what is not in its format
        if message.content_type != JSON:  # kombu decodes other types as text, with any codec
            raise ValueError(message.content_type)
        args, kwargs, _ = loads(message.body, message.content_type, message.content_encoding, accept={JSON})
        if isinstance(args, list) and isinstance(kwargs, dict) and isinstance(as_json([args, kwargs]), list):
            return args, kwargs, None
    return [], {}, b64encode(_bytes(message.body)).decode()


def _text(value: object) -> str:
    return value if isinstance(value, str) else as_text(value)


def _digest(headers: Mapping[str, Any], body: str | bytes | None) -> str:
    """What stands for a message without an id."""
    known = json.dumps(headers, sort_keys=True).encode() if headers else b""
    return hashlib.sha256(known + _bytes(body)).hexdigest()[:32]


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body or b"")
