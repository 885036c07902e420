"""What the queues hold on Redis: lists, whose last entry is next, and one hash of what the workers have."""

import time
from collections.abc import Sequence
from typing import Any

from kombu.utils.json import dumps, loads
from redis import Redis

from ...queues import QueueClass
from ...sending import PUBLISHED
from .. import QueueFigures
from .transport.scripts import COUNT

__all__ = ["figures", "memory_ratio"]

MOST_RECORDS = 20_000
"""Of messages in work, which are read to tell their queues: more are not, as Redis would serve nobody else for long."""


def figures(channel: Any, queues: Sequence[QueueClass], alone: bool) -> list[QueueFigures]:
    """Ask over a channel of kombu's, whichever transport it has. alone: the service has this one queue only."""
    client: Redis = Redis(connection_pool=channel.pool)
    prefix = channel.global_keyprefix
    with client.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.llen(f"{prefix}{queue.wire_name}")
            pipe.lindex(f"{prefix}{queue.wire_name}", -1)
            pipe.llen(f"{prefix}{queue.dead_name}")
        replies = pipe.execute()
    in_work = _in_work(client, f"{prefix}{channel.unacked_key}", [queue.wire_name for queue in queues], alone)
    found = zip(queues, replies[::3], replies[1::3], replies[2::3], in_work, strict=True)
    return [
        QueueFigures(queue.name, waiting, held, _age(following), dead, None)
        for queue, waiting, following, dead, held in found
    ]


def memory_ratio(channel: Any) -> float | None:
    """Of `maxmemory`, if it is set."""
    client: Redis = Redis(connection_pool=channel.pool)
    told: Any = client.info("memory")
    return told["used_memory"] / told["maxmemory"] if told.get("maxmemory") else None


def _in_work(client: Redis, leases: str, queues: Sequence[str], alone: bool) -> list[int] | list[None]:
    """How many records each queue has. A record ends with its queue, also a stock worker's."""
    records: Any = client.hlen(leases)
    if alone:
        return [records]
    if records > MOST_RECORDS:
        return [None] * len(queues)
    counts, cursor = [0] * len(queues), "0"
    ends = [f"{dumps(queue)}]" for queue in queues]
    while True:
        reply: Any = client.eval(COUNT, 1, leases, cursor, *ends)
        counts = [count + more for count, more in zip(counts, reply[1:], strict=True)]
        cursor = reply[0].decode() if isinstance(reply[0], bytes) else str(reply[0])
        if cursor == "0":
            return counts


def _age(message: bytes | None) -> float | None:
    if message is None:
        return 0.0
    try:
        return max(0.0, time.time() - float(loads(message)["headers"][PUBLISHED]))
    except Exception:  # whatever decoders raise: of such a message nothing is known
        return None
