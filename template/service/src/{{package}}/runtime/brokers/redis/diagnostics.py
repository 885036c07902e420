"""The Redis server that carries the messages: whether it keeps what it has acknowledged."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError

from ...settings import PREFIX
from .. import Finding

__all__ = ["diagnose"]

EXPECTED = {
    "appendonly": ("yes", "messages are lost when the server is killed"),
    "appendfsync": ("always", "the last second of messages is lost when the server is killed"),
    "maxmemory-policy": ("noeviction", "messages are dropped when memory is full"),
}
"""Each setting of the server, the value that loses nothing, and what happens otherwise."""


def diagnose(broker_url: str, development: bool) -> Iterator[Finding]:
    """Yield a finding for each setting; one that the server does not let a client read is no failure.

    development: what only loses data when the server is killed or full is a warning.
    """
    expected = ", ".join(f"{name} {value}" for name, (value, _) in EXPECTED.items())
    if not broker_url.startswith(("redis://", "rediss://")):
        yield Finding("redis settings", True, f"can be read through redis:// alone; each server has to be {expected}")
        return
    with Redis.from_url(broker_url, decode_responses=True, socket_timeout=3) as client:
        try:
            found = {name: client.config_get(name).get(name) for name in EXPECTED}
        except RedisError as error:
            yield Finding("redis settings", True, f"cannot be read ({error}); they have to be {expected}")
            return
    for name, (value, otherwise) in EXPECTED.items():
        if (seen := found[name]) == value:
            yield Finding(f"redis {name}", True, value)
            continue
        detail = f"expected {value}, got: {seen}; else {otherwise}: {_command(broker_url)} config set {name} {value}"
        if not development:
            detail += f" ({PREFIX}ENVIRONMENT=development makes this a warning)"
        yield Finding(f"redis {name}", development, detail, warning=development)


def _command(broker_url: str) -> str:
    """How to reach the server by hand; with `config rewrite` it keeps what was set."""
    parts = urlsplit(broker_url)
    return f"redis-cli -h {parts.hostname} -p {parts.port}{' --tls' if parts.scheme == 'rediss' else ''}"
