"""Which dead letters are meant."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import ServiceError
from ..schedule import SECONDS
from .letter import DeadLetter

__all__ = ["Wanted", "moment"]


@dataclass(frozen=True)
class Wanted:
    """What a letter has to be like: everything that is set has to hold."""

    ids: frozenset[str] = frozenset()
    task: str = ""
    """A task's name, short or in full."""
    reason: str = ""
    """A part of the reason, in any case."""
    since: datetime | None = None
    """The earliest time of death."""
    queue: str = ""
    """A queue's name, as in the queue table."""

    def __contains__(self, letter: DeadLetter) -> bool:
        """Whether this letter is meant. One whose time nobody noted is not shut out by `since`."""
        return (
            (not self.ids or letter.id in self.ids)
            and self.task in ("", letter.task, letter.task.rsplit(".", 1)[-1])
            and self.reason.casefold() in letter.reason.casefold()
            and (self.since is None or not letter.last or datetime.fromisoformat(letter.last) >= self.since)
            and self.queue in ("", letter.queue)
        )


def moment(text: str) -> datetime:
    """`30m`, `2h` or `1d` ago, or an ISO date or time, which is UTC unless it says otherwise."""
    if text[-1:] in SECONDS and text[:-1].isdecimal():
        return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * SECONDS[text[-1]])
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as invalid:
        raise ServiceError(
            f"expected a time like 2h, 2026-01-31 or 2026-01-31T12:00:00, got: {text}; correct it"
        ) from invalid
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
