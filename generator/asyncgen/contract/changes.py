"""A change between two contracts, and whom it breaks."""

from dataclasses import dataclass

__all__ = ["KEYS", "MESSAGES", "NEW_PRODUCERS", "NEW_TASK", "OLD_PRODUCERS", "Change"]

MESSAGES = "messages on their way"
OLD_PRODUCERS = "old producers with new workers"
NEW_PRODUCERS = "new producers with old workers"
KEYS = "idempotency keys"
NEW_TASK = "add a task of another name for it, move the producers there, and remove this one when nothing sends it"


@dataclass(frozen=True)
class Change:
    """One difference.

    code: its kind. subject: the task or the queue. what: what has changed.
    breaks: whom; () for a note. why: what then happens. fix: how to do it safely; of a note, what to mind, or "".
    """

    code: str
    subject: str
    what: str
    breaks: tuple[str, ...] = ()
    why: str = ""
    fix: str = ""
