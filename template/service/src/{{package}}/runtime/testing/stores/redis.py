"""Redis as the store of a demo or a test."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import Redis

from ...idempotency.redis import RedisStore
from ...service import ServiceApp
from ..effect_files import FileEffects

if TYPE_CHECKING:
    import pytest

__all__ = ["MODES", "Effects", "clean_up", "empty", "prepare", "publish_outbox_at_once"]

MODES = RedisStore.modes


def prepare(url: str) -> None:
    """Redis has no tables to create: see that it answers."""
    with Redis.from_url(url) as client:
        client.ping()


def clean_up(url: str) -> None:
    """Effects are files of a temporary folder: nothing of them is in Redis."""


def empty(url: str) -> None:
    """Delete every key; only for a database that was started for a test."""
    with Redis.from_url(url) as client:
        client.flushdb()


def publish_outbox_at_once(patch: "pytest.MonkeyPatch", app: ServiceApp) -> None:
    """Redis has no outbox."""


class Effects(FileEffects):
    """All in files."""

    def __init__(self, url: str, mode: str, folder: Path) -> None:
        super().__init__(folder / mode)

    def add(self, task: Any, line: str) -> None:
        """Record one effect of a run of `task`."""
        self.append(line)
