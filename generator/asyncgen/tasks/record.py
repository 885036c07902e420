"""The record at the end of a task file: the release and the answers that it was made from, one item a line."""

import re
from dataclasses import dataclass

from .answers import Answers
from .payload import read_argument

__all__ = ["Record", "parse_record"]

_LINE = re.compile(r"^# asyncgen: ([a-z-]+) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Record:
    """What a task file says that it was made from."""

    release: str
    answers: Answers


def parse_record(text: str) -> Record | None:
    """The record in a task file; None where there is none, or it was edited."""
    items: dict[str, list[str]] = {}
    for word, value in _LINE.findall(text):
        items.setdefault(word, []).append(value)
    try:
        return Record(
            release=items["release"][0],
            answers=Answers(
                queue=items["queue"][0],
                arguments=tuple(read_argument(pair) for pair in items.get("arg", [])),
                idempotency=items["idempotency"][0],
                key=tuple(items.get("key", [])),
                retry_on=tuple(items.get("retry-on", [])),
                max_retries=int(items["max-retries"][0]),
                expected=int(items["expected"][0]),
                keep_result=items.get("keep-result", [""])[0],
                every=items.get("every", [""])[0],
                rate_limit=items.get("rate-limit", [""])[0],
                bound=items.get("bound", [""])[0],
                breaker=items.get("breaker", [""])[0],
            ),
        )
    except (KeyError, TypeError, ValueError):
        return None
