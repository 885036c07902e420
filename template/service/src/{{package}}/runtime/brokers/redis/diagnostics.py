"""The Redis server that carries the messages."""

from collections.abc import Iterator
from typing import Any

from celery import Celery
from redis import Redis

from ...diagnostics import Finding
from ...diagnostics import redis as server

__all__ = ["diagnose"]


def diagnose(app: Celery) -> Iterator[Finding]:
    """Yield findings about the server that publishing takes now: of several, or of Sentinel's, the one that answers."""
    with app.connection_for_write() as connection, connection.channel() as opened:
        channel: Any = opened
        yield from server.diagnose(Redis(connection_pool=channel.pool), "redis", "messages")
