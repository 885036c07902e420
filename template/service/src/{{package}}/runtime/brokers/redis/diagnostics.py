"""The Redis server that carries the messages: whether it keeps what it has acknowledged."""

from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError

from .. import Finding

__all__ = ["diagnose"]

EXPECTED = {
    "appendonly": ("yes", "messages are lost when the server is killed"),
    "appendfsync": ("always", "the last second of messages is lost when the server is killed"),
    "maxmemory-policy": ("noeviction", "messages are dropped when memory is full"),
}
"""Each setting of the server, the value that loses nothing, and what happens otherwise."""


def diagnose(broker_url: str) -> Iterator[Finding]:
    """Yield a finding for each setting; one that the server does not let a client read is no failure."""
    if not broker_url.startswith(("redis://", "rediss://", "unix://")):
        expected = ", ".join(f"{name} {value}" for name, (value, _) in EXPECTED.items())
        yield Finding("redis settings", True, f"cannot be read through Sentinel; each server has to be {expected}")
        return
    with Redis.from_url(broker_url, decode_responses=True, socket_timeout=3) as client:
        for name, (value, otherwise) in EXPECTED.items():
            try:
                found = client.config_get(name).get(name)
            except RedisError as error:
                yield Finding(f"redis {name}", True, f"cannot be read ({error}); it should be {value}")
                continue
            ok = found == value
            yield Finding(f"redis {name}", ok, value if ok else f"expected {value}, got: {found}; else {otherwise}")
