"""The payload guard: what may travel in a message, checked where it is published.

A task gets keys and primitives and fetches fresh data itself: an object in a message is stale when it arrives.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from kombu.utils.json import dumps

from .errors import PayloadError

__all__ = ["check_payload", "fingerprint"]

PRIMITIVES = (str, int, float, bool, type(None), datetime, date, time, UUID, Decimal)
"""What JSON knows, and what kombu's JSON gives back as it was."""


def check_payload(task: str, args: Sequence[Any], kwargs: Mapping[str, Any], limit: int) -> None:
    """Raise PayloadError for an argument that is no primitive, or for more than `limit` bytes of JSON."""
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
