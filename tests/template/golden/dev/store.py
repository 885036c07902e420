"""The idempotency store of a demo or a test: Redis."""

from redis import Redis

__all__ = ["empty", "prepare"]


def prepare(url: str) -> None:
    """Nothing: Redis has no tables."""


def empty(url: str) -> None:
    """Forget every key; only for a database that was started for a test."""
    with Redis.from_url(url) as client:
        client.flushdb()
