"""The lines at the end of a task file of release 0.2.1 or an earlier one: the release and the answers."""

import re

from ..skeletons.kind import Record
from .answers import Answers
from .contract import variables
from .payload import read_argument

__all__ = ["read_record"]

_LINE = re.compile(r"^# asyncgen: ([a-z-]+) (.+)$", re.MULTILINE)


def read_record(text: str, name: str, package: str) -> Record | None:
    """What a task file was rendered from; None where the lines are missing or were edited."""
    items: dict[str, list[str]] = {}
    for word, value in _LINE.findall(text):
        items.setdefault(word, []).append(value)
    try:
        answers = Answers(
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
        )
        release = items["release"][0]
        return Record(release, variables(name, answers, package, release))
    except (KeyError, TypeError, ValueError):
        return None
