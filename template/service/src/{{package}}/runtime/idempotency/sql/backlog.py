"""What waits in the outbox."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from .database import CLOCK, OUTBOX

__all__ = ["Backlog", "backlog_of"]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the outbox; times are in seconds."""

    waiting: int
    failing: int
    """Of these, the ones that could not be sent when they were tried."""
    oldest: float
    """The age of the first one."""
    overdue: float
    """For how long the first one to be sent, or tried again, has been due; below 0 if it is not due yet."""
    error: str
    """Why the oldest of the failing ones could not be sent."""


def backlog_of(connection: Connection) -> Backlog:
    """Ask the database."""
    clock = CLOCK[connection.dialect.name]
    row = connection.execute(
        text(
            "SELECT count(*) AS waiting, count(error) AS failing, "
            f"coalesce({clock} - min(created_at), 0) AS oldest, coalesce({clock} - min(due_at), 0) AS overdue, "
            f"(SELECT error FROM {OUTBOX} WHERE error IS NOT NULL ORDER BY created_at LIMIT 1) AS error FROM {OUTBOX}"
        )
    ).one()
    return Backlog(row.waiting, row.failing, row.oldest, row.overdue, row.error or "")
