"""RabbitMQ for a demo or a test: rabbitmq-server from PATH, as an ordinary process with a folder of its own."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import Unavailable
from .process import free_port, serving

__all__ = ["started", "url"]

PLACES = ("/usr/lib/rabbitmq/bin", "/opt/homebrew/sbin", "/usr/local/sbin", "/usr/sbin")
"""Searched before PATH: Debian's wrapper on PATH changes to a user who cannot write a private folder."""


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Yield the server's URL."""
    binary = shutil.which("rabbitmq-server", path=os.pathsep.join([*PLACES, os.environ["PATH"]]))
    if binary is None:
        raise Unavailable(
            "expected RabbitMQ, got: no rabbitmq-server on PATH and no BROKER_URL in the environment; "
            "install rabbitmq-server, or start one with `docker compose up --detach rabbitmq` and set the variable "
            "as .env.example shows"
        )
    port, distribution = free_port(), free_port()
    home = folder / "rabbitmq"
    home.mkdir()
    (home / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    (home / "plugins").write_text("[].\n")
    (home / "env.conf").write_text("")
    env = {
        **os.environ,
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"dev{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "env.conf"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
    }
    print(f"rabbitmq: {binary}", file=sys.stderr)
    with serving([binary], port, folder / "rabbitmq.log", env=env, timeout=90):
        yield f"amqp://guest:guest@127.0.0.1:{port}//"


def url(server: str, number: int) -> str:
    """The default virtual host."""
    return server
