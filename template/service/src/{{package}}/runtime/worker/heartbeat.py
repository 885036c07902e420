"""Liveness without a round trip: the worker's event loop touches a file, and a probe reads its age.

`celery inspect ping` costs seconds of CPU a call; reading a file costs nothing and shows that the loop still turns.
"""

import time
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps

from ..settings import settings

__all__ = ["INTERVAL", "Heartbeat", "age", "install"]

INTERVAL = 5.0
"""Seconds between two heartbeats."""


class Heartbeat(bootsteps.StartStopStep):
    """Touches the heartbeat file from the worker's own timer (a Celery bootstep)."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **options: Any) -> None:
        """Celery calls this with the worker."""
        super().__init__(parent, **options)
        self.file: Path = settings().heartbeat_file

    def start(self, parent: Any) -> None:
        """Touch the file now, and again every INTERVAL seconds."""
        self.file.touch()
        parent.timer.call_repeatedly(INTERVAL, self.file.touch, priority=10)

    def stop(self, parent: Any) -> None:
        """A worker that stopped is not alive."""
        self.file.unlink(missing_ok=True)


def install(app: Celery) -> None:
    """Let every worker of `app` touch its heartbeat file."""
    app.steps["worker"].add(Heartbeat)


def age() -> float | None:
    """Seconds since the last heartbeat on this machine; None if no worker runs here."""
    try:
        return time.time() - settings().heartbeat_file.stat().st_mtime
    except FileNotFoundError:
        return None
