"""RabbitMQ for a demo or a test: one that is named, else rabbitmq-server as a process with a folder of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import amqp
from amqp.exceptions import AMQPError, NotFound, PreconditionFailed
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.transport.native_delayed_delivery import CELERY_DELAYED_DELIVERY_EXCHANGE, MAX_LEVEL, level_name

from ...errors import ConfigurationError
from ...settings import NAME
from ...urls import masked
from ..app import load_app
from . import Unavailable
from .process import free_port, serving

__all__ = ["description", "own", "started", "url"]

PLACES = ("/usr/lib/rabbitmq/bin", "/opt/homebrew/sbin", "/usr/local/sbin", "/usr/sbin")
"""Searched before PATH: Debian's wrapper on PATH changes to a user who cannot write a private folder."""

FRUGAL = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"
"""Erlang's arguments, where the environment has none: one scheduler, which does not spin while it waits.

To start and to end takes a third less CPU; a deployed server has a scheduler for each core.
"""


def description() -> str:
    """What `started` gives."""
    return _binary() or "none, since rabbitmq-server is not on PATH"


@contextmanager
def started(folder: Path, management_port: int = 0) -> Iterator[str]:
    """Yield the server's URL. management_port: where its management plugin answers; 0: it is off."""
    binary = _binary()
    if binary is None:
        raise Unavailable(
            "expected RabbitMQ, got: no rabbitmq-server on PATH and no BROKER_URL in the environment; "
            "install rabbitmq-server, or start one with `docker compose up --detach rabbitmq` and set the variable "
            "as .env.example shows"
        )
    port, distribution = free_port(), free_port()
    home = folder / "rabbitmq"
    home.mkdir()
    listeners = {"listeners.tcp.1": f"127.0.0.1:{port}"}
    if management_port:
        listeners |= {"management.tcp.ip": "127.0.0.1", "management.tcp.port": str(management_port)}
    (home / "rabbitmq.conf").write_text("".join(f"{name} = {value}\n" for name, value in listeners.items()))
    (home / "plugins").write_text(f"[{'rabbitmq_management' if management_port else ''}].\n")
    (home / "env.conf").write_text("")
    env = {
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": FRUGAL,
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
    # Its database writes a core file into the working directory when it fails.
    log = folder / "rabbitmq.log"
    with serving([binary], port, log, env=env, timeout=90, cwd=home, answers=_opens_connections):
        yield f"amqp://guest:guest@127.0.0.1:{port}//"


def url(server: str, number: int) -> str:
    """The default virtual host."""
    return server


def own(url: str, namespace: str) -> tuple[str, Callable[[], None]]:
    """The URL of a named server, as it is, and what deletes the queues and exchanges with the namespace.

    The exchanges and queues that delay messages have no namespace: they go, too, if they were not there before and
    nobody else has begun to use them.
    """
    with _connected(url) as connection:
        shared = _succeeds(connection, NotFound, "exchange_declare", level_name(MAX_LEVEL), "topic", passive=True)
    return url, lambda: _delete(url, f"{namespace}.{NAME}", shared)


def _delete(url: str, name: str, shared: bool) -> None:
    try:
        queues = load_app().service.queues
    except Exception:  # an application that cannot be imported has declared nothing
        return
    with _connected(url) as connection:
        channel: Any = connection.default_channel
        for queue in queues:
            channel.queue_delete(f"{name}.{queue.name}")
            channel.queue_delete(f"{name}.{queue.name}.dead")
        for exchange in ("", ".dead", ".events", ".control.pidbox"):
            channel.exchange_delete(f"{name}{exchange}")
        channel.exchange_delete(f"reply.{name}.control.pidbox")
        last = CELERY_DELAYED_DELIVERY_EXCHANGE
        if shared or not _succeeds(connection, PreconditionFailed, "exchange_delete", last, if_unused=True):
            return
        for level in range(MAX_LEVEL + 1):
            channel.exchange_delete(level_name(level))
            channel.queue_delete(level_name(level))


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    with Connection(url, connect_timeout=5) as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0)
        except OperationalError as error:
            raise ConfigurationError(
                f"expected RabbitMQ at {masked(url)} to answer, got: {error}; "
                "start it, or unset the variable for a private one"
            ) from error
        yield connection


def _succeeds(connection: Any, refusal: type[Exception], method: str, *arguments: Any, **options: Any) -> bool:
    """Whether the server does not refuse; a refusal closes the channel."""
    try:
        with connection.channel() as channel:
            getattr(channel, method)(*arguments, **options)
    except refusal:
        return False
    return True


def _opens_connections(port: int) -> bool:
    """Whether it does: somebody else may listen at the port, too."""
    with suppress(OSError, AMQPError), amqp.Connection(f"127.0.0.1:{port}", connect_timeout=5) as connection:
        return bool(connection.connected)
    return False


def _binary() -> str | None:
    return shutil.which("rabbitmq-server", path=os.pathsep.join([*PLACES, os.environ["PATH"]]))
