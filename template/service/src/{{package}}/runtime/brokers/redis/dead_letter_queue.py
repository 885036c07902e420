"""The dead letters of one queue on Redis: a list, whose last entry is the oldest. Reading moves nothing."""

from collections.abc import Iterator
from typing import Any

from kombu.message import Message
from kombu.utils.json import loads
from redis import Redis

from ...queues import QueueClass
from .. import DEAD_LETTER_HEADER

__all__ = ["RedisDeadLetterQueue"]

CHUNK = 100
"""Entries in one reply."""


class RedisDeadLetterQueue:
    """See `DeadLetterQueue`."""

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
        """See DeadLetterQueue."""
        removed: Any = self._redis.lrem(self._key, -1, message.entry)
        self._removed += removed

    def _message(self, entry: bytes) -> Any:
        try:
            message = self._channel.Message(loads(entry), channel=self._channel)
        except (KeyError, TypeError, ValueError):  # the transport has quarantined what was no message at all
            death = {"reason": "Malformed: this is no message", "attempts": 0, "last": ""}
            headers: dict[str, Any] = {DEAD_LETTER_HEADER: death}
            message = Message(body=entry, content_encoding="binary", headers=headers)  # type: ignore[arg-type]  # bytes
        message.entry = entry
        return message
