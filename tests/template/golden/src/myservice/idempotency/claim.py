"""One attempt at a key, and what it finds."""

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import uuid4

from kombu.utils.json import dumps

if TYPE_CHECKING:  # the stores import this module
    from .store import Session

__all__ = ["Attempt", "Claim", "Mode", "State", "digest", "encode"]

Mode = Literal["transactional", "lease", "at-most-once", "natural"]

State = Literal["held", "suspended", "done"]
"""Of a kept key. "held": someone works under a lease; "suspended": its owner will retry; "done": it counts as run."""

LONGEST_KEY = 255
"""Characters; a longer key is kept by its digest, since neither an index nor memory is the place for a payload."""


@dataclass(slots=True)
class Attempt:
    """What the body of a `with store.attempt(...)` sees."""

    key: str
    done: bool = False
    """An earlier delivery has run: return `result`, which is None unless that delivery kept one."""
    result: Any = None
    """Set it in the block to have it kept: what kombu's JSON takes, None for nothing."""
    session: "Session | None" = None
    """In "transactional" the SQL session whose commit is the key's commit; else None."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Claim:
    """Who asks for a key, and on which terms. Times are in seconds."""

    key: str
    token: str
    """New for each attempt, and never a task's id: the store takes a completion from the token that it holds alone."""
    owner: str
    """The task's id: all its deliveries and retries share it."""
    fingerprint: str
    lease: float
    retention: float

    @classmethod
    def new(cls, key: str, owner: str, fingerprint: str, lease: float, retention: float) -> Self:
        """With a token of its own, and whatever is long shortened to a digest."""
        if not (0 < lease < math.inf and 0 < retention < math.inf):
            raise ValueError(
                f"expected lease and retention to be above 0 seconds, got: {lease} and {retention}; correct them"
            )
        if len(key) > LONGEST_KEY:
            key = f"{key[: LONGEST_KEY - 33]}:{digest(key)}"
        return cls(key, uuid4().hex, owner, digest(fingerprint), lease, retention)


def digest(text: str) -> str:
    """Return 32 characters that stand for the text."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def encode(result: Any) -> str | None:
    """Return a result as JSON that gives dates, UUIDs and decimals back as they were; None for None."""
    return None if result is None else dumps(result)
