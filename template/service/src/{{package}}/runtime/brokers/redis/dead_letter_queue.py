"""The dead letters of one queue on Redis: a list, whose last entry is the oldest. Reading moves nothing."""

from collections.abc import Iterator
from typing import Any

from kombu.message import Message
from kombu.utils.json import loads
from redis import Redis

from ...queues import QueueClass
from .. import UNDECODABLE

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
        headers: dict[str, Any] = {}
        try:
            payload = loads(entry)
            if isinstance(payload["headers"], dict):
                headers = payload["headers"]
            payload["properties"].setdefault("delivery_tag", "")
            message = self._channel.Message(payload, channel=self._channel)
            if not isinstance(message.headers, dict) or not isinstance(message.body, str | bytes | None):
                raise TypeError("expected the headers to be an object and the body to be text")
        except Exception:  # whatever decoders and constructors raise: the other letters are none the worse for it
            headers = {**headers, UNDECODABLE: "this is no message"}
            message = Message(body=entry, content_encoding="binary", headers=headers)  # type: ignore[arg-type]  # bytes
        message.entry = entry
        return message
