"""The dead letters of one queue on Redis: a list, whose last entry is the oldest. Reading moves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import current_app
from kombu.message import Message
from kombu.utils.json import loads
from redis import Redis

from ..queue_class import QueueClass
from .letter import HEADER

__all__ = ["Box", "opened"]

CHUNK = 100
"""Entries in one reply."""


class Box:
    """The letters that were there when it was opened, oldest first."""

    def __init__(self, channel: Any, queue: QueueClass) -> None:
        self._channel = channel
        self._redis: Redis = Redis(connection_pool=channel.pool)
        self._key = f"{channel.global_keyprefix}{queue.dead_name}"
        self._removed = 0

    def __iter__(self) -> Iterator[Any]:
        """The messages. Counted from the end of the list, where new ones do not shift them."""
        waiting: Any = self._redis.llen(self._key)
        for start in range(0, waiting, CHUNK):
            last = -1 - start + self._removed
            first = last - min(CHUNK, waiting - start) + 1
            chunk: Any = self._redis.lrange(self._key, first, last)
            yield from map(self._message, reversed(chunk))

    def remove(self, message: Any) -> None:
        """Take out this very entry."""
        taken: Any = self._redis.lrem(self._key, -1, message.entry)
        self._removed += taken

    def _message(self, entry: bytes) -> Any:
        try:
            message = self._channel.Message(loads(entry), channel=self._channel)
        except (KeyError, TypeError, ValueError):  # the transport has put away what was no message at all
            death = {"reason": "Malformed: this is no message", "attempts": 0, "last": ""}
            headers: dict[str, Any] = {HEADER: death}
            message = Message(body=entry, content_encoding="binary", headers=headers)  # type: ignore[arg-type]  # bytes
        message.entry = entry
        return message


@contextmanager
def opened(queue: QueueClass) -> Iterator[Box]:
    """Yield the letters of `queue`."""
    with current_app.connection_for_write() as connection, connection.channel() as channel:
        yield Box(channel, queue)
