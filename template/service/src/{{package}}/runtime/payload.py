"""The payload guard: what may travel in a message, checked where it is published.

A task gets keys and primitives and fetches fresh data itself: an object in a message is stale when it arrives.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from kombu.utils.json import dumps

from .errors import PayloadError
from .settings import PREFIX

__all__ = ["MAX_DEPTH", "check_delay", "check_payload", "fingerprint", "is_nested_deeper"]

PRIMITIVES = (str, int, float, bool, type(None), datetime, date, time, UUID, Decimal)
"""What JSON knows, and what kombu's JSON gives back as it was."""

MAX_DEPTH = 100
"""Levels of lists and objects in one argument: pickle, JSON and the checks of types recurse, each with a limit."""


def check_payload(task: str, args: Sequence[Any], kwargs: Mapping[str, Any], limit: int) -> None:
    """Raise PayloadError for an argument that is no primitive or too deep, or for more than `limit` bytes of JSON."""
    if is_nested_deeper([list(args), dict(kwargs)], MAX_DEPTH + 2):
        raise PayloadError(
            f"expected the arguments of {task} to be nested at most {MAX_DEPTH} levels deep, got: more; "
            "pass a key and fetch the data inside the task"
        )
    for position, value in enumerate(args):
        _check(task, f"argument {position + 1}", value)
    for name, value in kwargs.items():
        _check(task, f"argument {name}", value)
    size = len(dumps([list(args), dict(kwargs)]).encode())
    if size > limit:
        raise PayloadError(
            f"expected the arguments of {task} to take at most {limit} bytes as JSON, got: {size}; "
            "pass a key and fetch the data inside the task"
        )


def check_delay(task: str, options: Mapping[str, Any], limit: int) -> None:
    """Raise PayloadError for a `countdown` or `eta` of more than `limit` seconds."""
    delay, eta = options.get("countdown"), options.get("eta")
    if eta is not None:
        moment = datetime.fromisoformat(eta) if isinstance(eta, str) else eta
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        delay = (moment - datetime.now(UTC)).total_seconds()
    if delay and not delay <= limit:
        raise PayloadError(
            f"expected the delay of {task} to be at most {limit} s, got: {eta or delay}; "
            f"publish it later, or set {PREFIX}MAX_DELAY"
        )


def is_nested_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects in `value` are nested more than `levels` deep. It does not recurse."""
    layer = [value]
    for _ in range(levels + 1):
        nested = [each for each in layer if isinstance(each, dict | list | tuple)]
        if not nested:
            return False
        layer = [item for each in nested for item in (each.values() if isinstance(each, dict) else each)]
    return True


def fingerprint(arguments: Mapping[str, Any]) -> str:
    """The arguments as one string: equal payloads give equal strings, however they were passed.

    Keys that earlier releases have stored are compared with it. It is read back before it is sorted, since numbers as
    the keys of a default value sort otherwise than the strings that JSON makes of them.
    """
    return json.dumps(json.loads(dumps(dict(arguments))), sort_keys=True, separators=(",", ":"))


def _check(task: str, where: str, value: Any) -> None:
    if isinstance(value, Enum) or not isinstance(value, (*PRIMITIVES, list, tuple, dict)):
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise PayloadError(
            f"expected {where} of {task} to be a key or a primitive, got: {kind}; pass {_instead(value)}"
        )
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise PayloadError(
                    f"expected the keys in {where} of {task} to be str, got: {type(key).__qualname__}; pass str(key)"
                )
            _check(task, f"{where}[{key!r}]", item)
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            _check(task, f"{where}[{position}]", item)


def _instead(value: Any) -> str:
    if isinstance(value, Enum):
        return "its value"
    if isinstance(value, bytes | bytearray | memoryview):
        return "the key under which the bytes are stored"
    if isinstance(value, set | frozenset):
        return "a sorted list"
    if hasattr(value, "read"):
        return "the key of the stored file"
    return "its primary key, and fetch it inside the task"
