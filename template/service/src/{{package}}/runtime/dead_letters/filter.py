"""Selects dead letters."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import ServiceError
from ..names import short
from ..schedule import SECONDS
from .message import DeadLetter

__all__ = ["DeadLetterFilter", "parse_time"]


@dataclass(frozen=True)
class DeadLetterFilter:
    """What a dead letter has to match: every field that is set."""

    ids: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()
    """A task's names, short or in full."""
    reason: str = ""
    """A part of the reason, in any case."""
    since: datetime | None = None
    """The earliest time of death."""
    queue: str = ""
    """A queue's name, as in the queue table."""

    def __contains__(self, letter: DeadLetter) -> bool:
        """Whether the letter matches. One whose time is not known matches any `since`."""
        return (
            (not self.ids or letter.id in self.ids)
            and (not self.tasks or not self.tasks.isdisjoint((letter.task, short(letter.task))))
            and self.reason.casefold() in letter.reason.casefold()
            and (self.since is None or not letter.last or datetime.fromisoformat(letter.last) >= self.since)
            and self.queue in ("", letter.queue)
        )


def parse_time(text: str) -> datetime:
    """`30m`, `2h` or `1d` ago, or an ISO date or time, which is UTC unless it says otherwise."""
    try:
        if text[-1:] in SECONDS and text[:-1].isdecimal():
            return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * SECONDS[text[-1]])
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as invalid:
        raise ServiceError(
            f"expected a time like 2h, 2026-01-31 or 2026-01-31T12:00:00, got: {text}; correct it"
        ) from invalid
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
