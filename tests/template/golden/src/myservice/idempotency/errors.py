"""Why an attempt at a key did not begin, or could not be recorded.

ServiceError
├── Later                   come back after `retry_after` seconds; nothing is wrong with the task
│   ├── Busy                another delivery holds the key
│   └── StoreUnavailable    the store does not answer
├── KeyConflict             the key belongs to another payload
└── LeaseLost               another delivery took the key over while this one was frozen
"""

from typing import ClassVar, Self

from ..errors import ServiceError
from .claim import Claim

__all__ = ["Busy", "KeyConflict", "Later", "LeaseLost", "StoreUnavailable"]


OVERTAKEN = 2.0
"""How soon a delivery of the holder's own task may try again: it may be a retry that came before its run had ended."""


class Later(ServiceError):  # noqa: N818  # what to do, as Celery's Retry and Ignore say it
    """The attempt may be made again in `retry_after` seconds."""

    doubling: ClassVar[bool] = True
    """Whether it may come sooner: what is in its way may be gone at any moment."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type, tuple[str, float]]:
        """Errors cross from a pool's child to its worker by pickle, which passes `args` alone."""
        return type(self), (str(self), self.retry_after)


class Busy(Later):
    """Another delivery with this key is running, or is about to retry."""

    @classmethod
    def of(cls, claim: Claim, seconds: float, owner: str = "") -> Self:
        """With the seconds until the key is free if its holder has died, and the holder if it is known."""
        if owner == claim.owner:
            seconds = min(seconds, OVERTAKEN)
        return cls(
            f"expected the key {claim.key} to be free, got: another delivery that holds it; "
            f"try again in {seconds:.1f} s",
            seconds,
        )


class StoreUnavailable(Later):
    """The store refused, broke off or timed out; what it knows has not changed by our doing, or we cannot tell."""


class KeyConflict(ServiceError):  # noqa: N818  # "error" adds nothing to a conflict
    """The key is held or done by a run with other arguments: one of the two would have been dropped in silence."""

    @classmethod
    def of(cls, claim: Claim, state: str, owner: str) -> Self:
        """With the state that the other payload's task has left the key in, and that task's id."""
        return cls(
            f"expected the key {claim.key} to stand for one payload, got: another one from task {claim.owner} "
            f"while it is {state} by task {owner}; put what tells them apart into the key"
        )


class LeaseLost(ServiceError):  # noqa: N818  # nor to a loss
    """The lease ran out under a frozen process, and another delivery holds or has completed the key.

    This run's effect has happened, and the other's has or will: the window of mode "lease".
    """

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """With the claim that lost."""
        return cls(
            f"expected task {claim.owner} to hold the key {claim.key} to its end, got: another delivery that took it "
            "over when the lease ran out; make the lease longer than the longest freeze of the process"
        )
