"""Redis for a demo or a test: redis-server or valkey-server from PATH, else fakeredis over TCP."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import free_port, serving

__all__ = ["fakeredis_command", "redis_command", "started", "url"]


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Yield the server's URL without a database."""
    port = free_port()
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    print(f"redis: {binary or 'fakeredis, since neither redis-server nor valkey-server is on PATH'}", file=sys.stderr)
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
