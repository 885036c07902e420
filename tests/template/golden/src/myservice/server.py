"""The Redis server that carries the messages: whether it keeps what it has said it has."""

from collections.abc import Iterator, Sequence

from redis import Redis
from redis.exceptions import RedisError

from .broker import BROKER_ERRORS
from .queue_class import QueueClass
from .settings import Settings

__all__ = ["BROKER_ERRORS", "findings"]

EXPECTED = {
    "appendonly": ("yes", "messages are lost when the server is killed"),
    "appendfsync": ("always", "the last second of messages is lost when the server is killed"),
    "maxmemory-policy": ("noeviction", "messages are dropped when memory is full"),
}
"""Each setting of the server, the value that loses nothing, and what happens otherwise."""


def findings(settings: Settings, queues: Sequence[QueueClass]) -> Iterator[tuple[str, bool, str]]:
    """Yield subject, verdict and text for each setting; a server that does not tell is not blamed."""
    if not settings.broker_url.startswith(("redis://", "rediss://", "unix://")):
        yield (
            "redis settings",
            True,
            "cannot be read through Sentinel; each server has to be "
            + ", ".join(f"{name} {value}" for name, (value, _) in EXPECTED.items()),
        )
        return
    with Redis.from_url(settings.broker_url, decode_responses=True, socket_timeout=3) as client:
        for name, (value, otherwise) in EXPECTED.items():
            try:
                found = client.config_get(name).get(name)
            except RedisError as error:
                yield f"redis {name}", True, f"cannot be read ({error}); it should be {value}"
                continue
            well = found == value
            yield f"redis {name}", well, value if well else f"expected {value}, got: {found}; else {otherwise}"
