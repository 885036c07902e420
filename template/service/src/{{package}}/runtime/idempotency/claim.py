"""One attempt at a key, and what it finds."""

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import uuid4

from kombu.utils.json import dumps

from ..errors import Busy, KeyConflict, LeaseLost

if TYPE_CHECKING:  # there without SQLAlchemy, too
    from sqlalchemy.orm import Session

__all__ = ["Attempt", "Claim", "Mode", "Record", "State", "digest", "encode", "kept_as"]

Mode = Literal["transactional", "lease", "at-most-once", "natural"]

State = Literal["held", "suspended", "done"]
"""Of a kept key. "held": someone works under a lease; "suspended": its owner will retry; "done": it counts as run."""

MAX_KEY_LENGTH = 255
"""Characters; a longer key is kept by its digest, since neither an index nor memory is the place for a payload."""

TOKEN = len(uuid4().hex)
"""Characters of a token before its digest."""

SAME_OWNER_DELAY = 2.0
"""Seconds until a delivery of the holder's own task may retry: it may have come before its run had ended."""


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


@dataclass(frozen=True, slots=True)
class Record:
    """What a store keeps of a key. Who holds it in a transaction that is still open is not known."""

    state: State
    owner: str = ""
    result: Any = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Claim:
    """Who asks for a key, and on which terms. Times are in seconds."""

    key: str
    token: str
    """New for each attempt, and never a task's id: the store takes a completion from the token that it holds alone.

    It ends with the digest of the payload as it was given. Another version of a task, which has more arguments with
    defaults, makes another fingerprint of the same message. What earlier releases keep and read stays as it was.
    """
    owner: str
    """The task's id: all its deliveries and retries share it."""
    fingerprint: str
    """Of the payload with the defaults of what is not given: however it was passed, equal payloads have one."""
    lease: float
    retention: float

    @classmethod
    def new(cls, key: str, owner: str, fingerprint: str, lease: float, retention: float, given: str = "") -> Self:
        """With a token of its own, and whatever is long shortened to a digest."""
        if not (0 < lease < math.inf and 0 < retention < math.inf):
            raise ValueError(
                f"expected lease and retention to be above 0 seconds, got: {lease} and {retention}; correct them"
            )
        return cls(
            kept_as(key), uuid4().hex + digest(given or fingerprint), owner, digest(fingerprint), lease, retention
        )

    def is_for(self, fingerprint: str, token: str) -> bool:
        """Whether an attempt that has left these in the store was for the same payload; as in `acquire.lua`."""
        return fingerprint == self.fingerprint or token[TOKEN:] == self.token[TOKEN:]

    def busy(self, seconds: float, holder: str = "") -> Busy:
        """The error for a key that is held: the seconds until it is free if its holder has died, and the holder."""
        if holder == self.owner:
            seconds = min(seconds, SAME_OWNER_DELAY)
        return Busy(
            f"expected the key {self.key} to be free, got: another delivery that holds it; "
            f"try again in {seconds:.1f} s",
            seconds,
        )

    def conflict(self, state: str, holder: str) -> KeyConflict:
        """The error for a key that the task `holder` has left in `state`, with another payload."""
        return KeyConflict(
            f"expected the key {self.key} to stand for one payload, got: another one from task {self.owner} "
            f"while it is {state} by task {holder}; put what tells them apart into the key"
        )

    def lost(self) -> LeaseLost:
        """The error for a lease that ran out while its process was frozen."""
        return LeaseLost(
            f"expected task {self.owner} to hold the key {self.key} to its end, got: another delivery that took it "
            "over when the lease ran out; make the lease longer than the longest freeze of the process"
        )


def kept_as(key: str) -> str:
    """The key, or what stands for it in the store if it is a long one."""
    return key if len(key) <= MAX_KEY_LENGTH else f"{key[: MAX_KEY_LENGTH - 33]}:{digest(key)}"


def digest(text: str) -> str:
    """Return 32 characters that stand for the text."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def encode(result: Any) -> str | None:
    """Return a result as JSON that gives dates, UUIDs and decimals back as they were; None for None."""
    return None if result is None else dumps(result)
