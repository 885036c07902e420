"""Checks what a message says of its task, before anything else uses it.

Celery trusts a message: a wrong type is noticed where it is used first, be that a callback of the pool, the event loop
or the process of the task, and ends that one. Here it is an InvalidTaskError, which makes the message a dead letter.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from celery.app.task import Context
from celery.exceptions import InvalidTaskError
from celery.utils.saferepr import saferepr

from ..dead_letters.message import DEFERRALS, RESETS
from ..payload import MAX_DEPTH, is_nested_deeper
from ..settings import PREFIX, settings

__all__ = ["check_body", "check_delay", "check_request"]

SHORT = 255
"""Characters; what AMQP calls a short string."""

MOST_RETRIES = 1_000_000
LONGEST_LIMIT = 1e9
"""Seconds."""

Rule = tuple[Callable[[Any], bool], str]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= SHORT and value.isprintable()


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST_RETRIES


def _is_limit(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 <= value <= LONGEST_LIMIT)


def _is_signature(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("task"), str)
        and isinstance(value.get("args") or [], list | tuple)
        and isinstance(value.get("kwargs") or {}, dict)
        and isinstance(value.get("options") or {}, dict)
        and isinstance(value.get("subtask_type") or "", str)
    )


def _is_list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list | tuple) and all(map(check, value))


NAME: Rule = _is_name, f"a string of 1 to {SHORT} printable characters"
TEXT: Rule = _is_text, "a string"
COUNT: Rule = _is_count, f"a number from 0 to {MOST_RETRIES}"
SIGNATURES: Rule = _is_list_of(_is_signature), "a list of signatures"

REQUIRED: dict[str, Rule] = {"id": NAME, "task": NAME}

OPTIONAL: dict[str, Rule] = {
    **dict.fromkeys(("root_id", "parent_id", "group", "reply_to", "correlation_id"), NAME),
    **dict.fromkeys(("lang", "shadow", "origin", "argsrepr", "kwargsrepr"), TEXT),
    **dict.fromkeys(("retries", "group_index", "replaced_task_nesting", DEFERRALS, RESETS), COUNT),
    **dict.fromkeys(("callbacks", "errbacks", "chain"), SIGNATURES),
    "chord": (_is_signature, "a signature"),
    "timelimit": (
        lambda value: isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_limit, value)),
        "two numbers of seconds, each of which may be null",
    ),
    "ignore_result": (lambda value: isinstance(value, bool), "true or false"),
    "stamped_headers": (_is_list_of(_is_text), "a list of strings"),
    **dict.fromkeys(("stamps", "headers", "delivery_info", "properties"), (lambda v: isinstance(v, dict), "an object")),
    "eta": (lambda value: isinstance(value, str | datetime), "a time"),
    "expires": (lambda value: isinstance(value, str | datetime), "a time"),
}
"""What else a message may say; each may be null, too."""

EMBEDDED = {"callbacks", "errbacks", "chain", "chord"}

REPLACED = {"args", "kwargs", "hostname", "utc", "taskset", "is_eager", "called_directly"}
"""Attributes of a request that Celery sets itself, whatever the message says."""

NOTED = {"dead_lettered", "idempotency_key", "published_retry", "session"}
"""Attributes of a request in which a run notes what becomes of it."""

RESERVED = {*dir(Context), *NOTED} - {*REQUIRED, *OPTIONAL, *REPLACED}
"""Attributes of a request that no header may take the place of."""


def check_body(payload: Any) -> None:
    """Raise InvalidTaskError unless the decoded body is one of a task, and shallow enough for all that encodes it.

    The pool's pickle, for one, ends in RecursionError at a few hundred levels.
    """
    if is_nested_deeper(payload, 2 * MAX_DEPTH):
        raise InvalidTaskError(f"expected the body to be nested at most {2 * MAX_DEPTH} levels deep, got: more")
    if not isinstance(payload, list | tuple) or len(payload) != 3:
        raise InvalidTaskError(f"expected the body to hold arguments and options, got: {_shown(payload)}")
    args, kwargs, embed = payload
    if not isinstance(args, list | tuple) or not isinstance(kwargs, dict):
        raise InvalidTaskError(f"expected the arguments to be a list and an object, got: {_shown(payload)}")
    if not isinstance(embed, dict | None):
        raise InvalidTaskError(f"expected the options in the body to be an object, got: {_shown(embed)}")


def check_request(request: Mapping[str, Any], embed: Mapping[str, Any] | None) -> None:
    """Raise InvalidTaskError for a header or an option of a wrong type.

    request: the headers, with what Celery has added. embed: the options in the body, which are merged into them.
    """
    if is_nested_deeper(dict(request), 2 * MAX_DEPTH):
        raise InvalidTaskError(f"expected the headers to be nested at most {2 * MAX_DEPTH} levels deep, got: more")
    merged = {**request, **(embed or {})}
    if taken := sorted(RESERVED & merged.keys() | set(embed or ()) & {*REQUIRED, *OPTIONAL, *REPLACED} - EMBEDDED):
        raise InvalidTaskError(f"expected no header or option of this name, got: {taken[0]}")
    for name, (holds, what) in (REQUIRED | OPTIONAL).items():
        value = merged.get(name)
        if not holds(value) and not (value is None and name in OPTIONAL):
            raise InvalidTaskError(f"expected {name} to be {what}, got: {_shown(value)}")
    priority = request["delivery_info"].get("priority")
    if priority is not None and type(priority) is not int:
        raise InvalidTaskError(f"expected priority to be a whole number, got: {_shown(priority)}")


def check_delay(eta: datetime | None) -> None:
    """Raise InvalidTaskError for a time that is further away than MAX_DELAY: the message would be held until then."""
    if eta is None:
        return
    delay, limit = (eta - datetime.now(UTC)).total_seconds(), settings().max_delay
    if delay > limit + settings().margin:
        raise InvalidTaskError(
            f"expected eta to be at most {limit} s away ({PREFIX}MAX_DELAY), got: {eta.isoformat()}; publish it later"
        )


def _shown(value: Any) -> str:
    """Its representation, cut, whatever the depth."""
    shown: str = saferepr(value, maxlen=100)
    return shown
