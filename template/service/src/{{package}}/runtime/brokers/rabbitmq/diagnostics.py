"""The RabbitMQ server that carries the messages: its version, and its consumer timeout."""

import re
from collections.abc import Iterator
from pathlib import Path

from celery import Celery

from ...settings import PREFIX
from .. import Finding

__all__ = ["diagnose"]

OLDEST = (3, 10)
"""Dead-lettering at least once from quorum queues."""

CONFIGURATION = Path("rabbitmq.conf")


def diagnose(app: Celery, longest: int, timeout: int) -> Iterator[Finding]:
    """Yield findings. A client cannot read the consumer timeout: the file that the server gets is compared.

    longest: seconds; the largest max_runtime and a margin. timeout: seconds; what the service assumes.
    """
    with app.connection_for_write() as connection:
        connection.connect()
        server: dict[str, object] = connection.connection.server_properties
    version = str(server.get("version", ""))
    recent = tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= OLDEST
    yield Finding("rabbitmq version", recent, version if recent else f"expected 3.10 or newer, got: {version}; upgrade")

    detail = f"{timeout} s, above the largest max_runtime and a margin, {longest} s"
    yield Finding("consumer timeout", longest < timeout, detail)
    if not CONFIGURATION.is_file():
        yield Finding("rabbitmq.conf", True, f"not here; the server's own has to say {timeout * 1000}")
        return
    configured = re.search(r"(?m)^consumer_timeout\s*=\s*(\d+)", CONFIGURATION.read_text())
    milliseconds = int(configured[1]) if configured else 1_800_000
    same = milliseconds == timeout * 1000
    yield Finding(
        "rabbitmq.conf",
        same,
        f"consumer_timeout = {milliseconds}"
        if same
        else f"expected consumer_timeout = {timeout * 1000}, as app.py or {PREFIX}CONSUMER_TIMEOUT says, "
        f"got: {milliseconds}; make them the same",
    )
