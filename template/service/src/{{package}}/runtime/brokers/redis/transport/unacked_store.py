"""kombu's record of unacknowledged deliveries, on the server. Any command may be sent twice."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from json import dumps, loads
from typing import Any
from uuid import uuid4

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from .scripts import CLAIM, EXPIRED, MOVE

__all__ = ["CHUNK", "UnackedStore", "record_tail", "split_record"]

CHUNK = 200
"""The most deliveries in one command: Lua unpacks a limited number, and Redis serves nobody else meanwhile."""
TAIL = ',"",'
"""Between message and queue in a record: kombu's default exchange, which routes by the name of the queue."""


def record_tail(queue: str) -> str:
    """Return what closes the record of a message from `queue`, so that it is requeued to this queue alone."""
    return f"{TAIL}{dumps(queue)}]"


def split_record(record: bytes, tag: str) -> tuple[str, str, bytes]:
    """Return queue, tag and message of a record that cannot be decoded; the record itself if it is none of ours."""
    raw, _, tail = record.removeprefix(b"[").rpartition(TAIL.encode())
    with suppress(ValueError):
        if isinstance(queue := loads(tail.removesuffix(b"]")), str):
            return queue, tag, raw
    return "unacked", tag, record


class UnackedStore:
    """kombu's two keys of one channel: the hash of records by delivery tag, the sorted set of their times."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self._id = uuid4().hex
        self._fetcher = 0

    @property
    def client(self) -> Redis:
        """A client that takes the server's names of keys; kombu's own prefixes those of some commands only.

        Raises redis' ConnectionError on a closed channel: a run may end after its connection was lost, and its message
        is another delivery's by then. What kombu raises, an AttributeError, would end the worker.
        """
        if self.channel.connection is None:
            raise RedisConnectionError("the channel is closed")
        return Redis(connection_pool=self.channel.pool)

    def key(self, name: str) -> str:
        """Return what the key `name` is called on the server."""
        return f"{self.channel.global_keyprefix}{name}"

    @property
    def keys(self) -> tuple[str, str]:
        """The records and their times."""
        return self.key(self.channel.unacked_key), self.key(self.channel.unacked_index_key)

    def lists(self, queues: Sequence[str]) -> list[str]:
        """Return the lists of `queues`, by priority first."""
        steps = self.channel.priority_steps
        return [self.key(self.channel._q_for_pri(queue, step)) for step in steps for queue in queues]

    def claim_arguments(
        self, tails: Mapping[str, str], limit: int, turn: int, acks: Sequence[str] = ()
    ) -> list[str | int]:
        """Return what follows CLAIM in EVAL or EVALSHA; `tails` maps each list to the tail of its records."""
        self._fetcher += 1
        claim = f"{self._id}.{self._fetcher}"
        return [2 + len(tails), *self.keys, *tails, claim, limit, turn, len(acks), *acks, *tails.values()]

    def claim_one(self, queue: str) -> tuple[bytes, bytes] | None:
        """Claim a message of `queue` at once: its tag and the message, or None."""
        tails = dict.fromkeys(self.lists([queue]), record_tail(queue))
        keys, *arguments = self.claim_arguments(tails, limit=1, turn=1)
        reply: Any = self.client.eval(CLAIM, int(keys), *arguments)
        return (reply[1], reply[2]) if reply else None

    def ack(self, tags: Sequence[str]) -> None:
        """Delete the records of acknowledged deliveries."""
        records, times = self.keys
        with self.client.pipeline() as pipe:
            pipe.hdel(records, *tags)
            pipe.zrem(times, *tags)
            pipe.execute()

    def renew(self, tags: Sequence[str]) -> None:
        """Start leases anew. One that was lost meanwhile stays lost: its message has another tag now."""
        client, (_, times) = self.client, self.keys
        seconds, microseconds = client.time()
        now = seconds + microseconds / 1_000_000
        for start in range(0, len(tags), CHUNK):
            client.zadd(times, dict.fromkeys(tags[start : start + CHUNK], now), xx=True)

    def record(self, tag: str) -> Any:
        """Return the record of a delivery, in bytes, or None if it has ended."""
        records, _ = self.keys
        return self.client.hget(records, tag)

    def expired(self, lease: float) -> tuple[bytes, list[tuple[str, bytes]]]:
        """Return a cutoff for `move`, and (tag, record) of some deliveries not renewed since, oldest first."""
        reply: Any = self.client.eval(EXPIRED, 2, *self.keys, lease, CHUNK)
        pairs: Iterator[bytes] = iter(reply[1:])
        return reply[0], [(tag.decode(), record) for tag, record in zip(pairs, pairs, strict=True)]

    def move(self, tag: str, target: str, message: str | bytes, *, last: bool, cutoff: bytes = b"") -> None:
        """End a delivery and put `message` on the list `target`, unless it ended or was renewed since the cutoff."""
        push = "LPUSH" if last else "RPUSH"
        self.client.eval(MOVE, 3, *self.keys, self.key(target), tag, message, push, cutoff)
