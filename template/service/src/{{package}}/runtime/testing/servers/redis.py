"""Redis for a demo or a test: one that is named, else redis-server or valkey-server from PATH, else fakeredis."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from ...errors import ConfigurationError
from ...urls import masked
from .process import free_port, serving

__all__ = ["description", "fakeredis_command", "own", "redis_command", "started", "url"]

DEADLINES = "_kombu.binding_deadlines"
"""kombu's one key for all that share a database, with members that bear the names of exchanges."""


def description() -> str:
    """What `started` gives."""
    return _binary() or "fakeredis, since neither redis-server nor valkey-server is on PATH"


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Yield the server's URL without a database."""
    port, binary = free_port(), _binary()
    command = redis_command(binary, port, folder) if binary else fakeredis_command(port)
    with serving(command, port, folder / "redis.log"):
        yield f"redis://127.0.0.1:{port}"


def redis_command(binary: str, port: int, folder: Path) -> list[str]:
    """The command of a Redis or Valkey that keeps what it has acknowledged, in `folder`."""
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    return [*command, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]


def fakeredis_command(port: int) -> list[str]:
    """The command of a fakeredis."""
    return [sys.executable, "-P", str(Path(__file__).with_name("fakeredis_server.py")), str(port)]


def url(server: str, number: int) -> str:
    """A database of its own for each use."""
    return f"{server}/{number}"


def own(url: str, namespace: str) -> tuple[str, Callable[[], None]]:
    """The URL of a named server, as it is, and what deletes the keys with the namespace in their names."""
    clients = [Redis.from_url(each.replace("redis+socket://", "unix://"), socket_timeout=10) for each in url.split(";")]
    try:
        clients[0].ping()
    except RedisError as error:
        raise ConfigurationError(
            f"expected Redis at {masked(url)} to answer, got: {error}; "
            "start it, or unset the variable for a private one"
        ) from error

    def delete() -> None:
        for client in clients:
            for key in list(client.scan_iter(f"*{namespace}*", count=1000)):
                client.delete(key)
            for member, _ in list(client.zscan_iter(DEADLINES, f"*{namespace}*")):
                client.zrem(DEADLINES, member)
            client.close()

    return url, delete


def _binary() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")
