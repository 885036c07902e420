"""How long publishing waits for RabbitMQ, and what it raises when RabbitMQ is away."""

from typing import Any

from amqp.exceptions import AMQPError, MessageNacked
from kombu.exceptions import LimitExceeded, OperationalError

__all__ = ["ERRORS", "publishing_options"]

ERRORS: tuple[type[BaseException], ...] = (OperationalError, LimitExceeded, AMQPError, MessageNacked, OSError)
"""See `Broker.errors`."""


def publishing_options(attempt_timeout: float) -> dict[str, Any]:
    """See `Broker.publishing_options`."""
    return {
        "confirm_publish": True,
        "read_timeout": attempt_timeout,
        "write_timeout": attempt_timeout,
        "max_retries": 0,  # `sending` retries, within its deadline
    }
