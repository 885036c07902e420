"""How long the workers of a queue have to stop."""

from ..service import QueueClass

__all__ = ["MARGIN", "grace_period"]

MARGIN = 10
"""The default of the service's setting `margin`, in seconds."""
_SHUTDOWN_LIMIT = 3600
"""The default of the service's setting `shutdown_limit`, in seconds."""


def grace_period(queue: QueueClass) -> int:
    """How long a container of the queue's workers has to stop after SIGTERM, in seconds."""
    return min(queue.max_runtime + MARGIN, _SHUTDOWN_LIMIT) + MARGIN
