"""What can be shown of a message's parts: anybody may have put it on the broker, with values of any type and depth."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["RAW", "as_count", "as_json", "as_text", "as_time", "one_line"]

RAW = "raw"
"""The key beside what was no JSON: the value is Python's form of it, or says why there is none."""

MAX_LEVELS = 50
"""Levels of lists and objects that are shown: what prints them recurses."""


def as_text(value: object) -> str:
    """The value as text that a terminal shows and a command line takes; empty for None, and for a list or an object."""
    if value is None or isinstance(value, Mapping | list | tuple):
        return ""
    text = str(value)
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def one_line(text: str) -> str:
    """The text with each run of white space as one space, and what cannot be printed escaped."""
    return as_text(" ".join(text.split()))


def as_count(value: object) -> int:
    """The value if it is a number of times, else 0."""
    return value if type(value) is int and value >= 0 else 0


def as_time(value: object) -> str:
    """A time as ISO 8601 in UTC, from that, seconds since 1970 or a datetime (without a zone: UTC); else empty."""
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, int | float):
            value = datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ArithmeticError, OSError, ValueError):
        return ""
    return ""


def as_json(value: Any) -> Any:
    """The value if JSON holds it; else marked with RAW."""
    try:
        return _json(value, MAX_LEVELS)
    except RecursionError:
        return {RAW: f"nested more than {MAX_LEVELS} levels deep"}


def _json(value: Any, levels: int) -> Any:
    if isinstance(value, Mapping | list | tuple) and not levels:
        raise RecursionError
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else repr(key): _json(each, levels - 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each, levels - 1) for each in value]
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return value.isoformat() if isinstance(value, datetime) else {RAW: repr(value)}
