"""The queue table."""

from enum import Enum

from runtime import QueueClass

__all__ = ["Queue"]


class Queue(Enum):
    """Two classes of service."""

    SHORT = QueueClass("short", max_runtime=10, concurrency=2)
    LONG = QueueClass("long", max_runtime=60, concurrency=2)
