"""What an HTTP interface answers, whatever framework it is made with.

202  the task is published, or will be with the commit; `Location` tells its state
404  nothing is known of the id
409  the Idempotency-Key stands for another request, or for one that is being handled (then with `Retry-After`)
422  the request is not what the task takes, or the Idempotency-Key no id
503  broker or store are away: `Retry-After` says when to ask again, with the same key
"""

import math
import re
from dataclasses import dataclass

from ..errors import Busy, KeyConflict, PayloadError, PublishError, ServiceError, StoreUnavailable

__all__ = ["ID_PATTERN", "LONGEST_ID", "RETRY_AFTER", "Refusal", "checked_id", "refusal"]

LONGEST_ID = 255
"""Characters; what AMQP calls a short string."""

ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._~-]*$"
"""What stands in a URL as it is, and is no `.` or `..`; UUIDs and base64url are."""

RETRY_AFTER = 5
"""Seconds until a broker that was away is asked again."""


@dataclass(frozen=True)
class Refusal:
    """An error as an answer. `retry_after`: seconds, 0 for none."""

    status: int
    detail: str
    retry_after: int = 0


def checked_id(key: str) -> str:
    """The Idempotency-Key as a task's id. Raises PayloadError."""
    if len(key) > LONGEST_ID or not re.fullmatch(ID_PATTERN, key):
        raise PayloadError(
            f"expected Idempotency-Key to be 1 to {LONGEST_ID} letters, digits or . _ ~ - after a first letter or "
            f"digit, got: {key!r:.100}; send a UUID"
        )
    return key


def refusal(error: ServiceError) -> Refusal | None:
    """What to answer for an error that publishing or a look at a task's state has raised; None for any other one."""
    if isinstance(error, PayloadError):
        return Refusal(422, str(error))
    if isinstance(error, KeyConflict):
        return Refusal(409, str(error))
    if isinstance(error, Busy):
        return Refusal(409, "another request with this Idempotency-Key is being handled", math.ceil(error.retry_after))
    if isinstance(error, PublishError):
        return Refusal(503, "the broker is away; ask again, with the same Idempotency-Key", RETRY_AFTER)
    if isinstance(error, StoreUnavailable):
        return Refusal(503, "the store is away; ask again, with the same Idempotency-Key", math.ceil(error.retry_after))
    return None
