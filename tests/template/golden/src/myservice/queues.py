"""The queue table: each line is a class of service, and everything that depends on time is derived from it.

A task picks its line with `work_queue=Queue.NAME`; its `time_limit` has to fit into `max_runtime` (seconds).
"""

from enum import Enum

from .runtime import QueueClass

__all__ = ["Queue"]


class Queue(Enum):
    """The queues of this service. Each has workers of its own: `worker --queue NAME`."""

    DEFAULT = QueueClass("default", max_runtime=300)
