"""Redis for a demo or a test: redis-server or valkey-server from PATH, else fakeredis over TCP."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import free_port, serving

__all__ = ["started", "url"]


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Yield the server's URL without a database."""
    port = free_port()
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    command = [sys.executable, "-P", str(Path(__file__).with_name("fakeredis_server.py")), str(port)]
    if binary:
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
        command += ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
    print(f"redis: {binary or 'fakeredis, since neither redis-server nor valkey-server is on PATH'}", file=sys.stderr)
    with serving(command, port, folder / "redis.log"):
        yield f"redis://127.0.0.1:{port}"


def url(server: str, number: int) -> str:
    """A database of its own for each use."""
    return f"{server}/{number}"
