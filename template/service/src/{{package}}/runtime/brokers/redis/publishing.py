"""How long publishing waits for Redis, and what it raises when Redis is away."""

from typing import Any

from kombu.exceptions import BatchPublishError, LimitExceeded, OperationalError  # type: ignore[attr-defined]
from redis.exceptions import RedisError

__all__ = ["ERRORS", "publishing_options"]

ERRORS: tuple[type[BaseException], ...] = (OperationalError, LimitExceeded, BatchPublishError, RedisError, OSError)
"""See `Broker.errors`."""


def publishing_options(attempt_timeout: float) -> dict[str, Any]:
    """See `Broker.publishing_options`."""
    return {
        "socket_timeout": attempt_timeout,
        "socket_connect_timeout": attempt_timeout,
        "max_retries": 0,  # `sending` retries, within its deadline
    }
