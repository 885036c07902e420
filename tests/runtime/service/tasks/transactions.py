"""Runs within a transaction whose connection a test drops meanwhile, for services with a SQL store."""

import time
from pathlib import Path
from typing import Any

from runtime import ServiceTask, shared_task
from runtime.service import current_service

from ..notes import note
from ..queues import Queue

__all__: list[str] = []


def run(self: ServiceTask, folder: str, name: str, how: str) -> None:
    """Note the start, use the session; the first run waits for `folder/name.cut` and goes on as `how` says."""
    from sqlalchemy import text

    note(folder, f"{name}.started")
    self.session.execute(text("SELECT 1"))
    if self.request.retries or (Path(folder) / f"{name}.cut").exists():
        note(folder, f"{name}.ended")
        return
    while not (Path(folder) / f"{name}.cut").exists():
        time.sleep(0.02)
    if how == "retry":
        raise ConnectionError("try again")
    if how == "catch":
        try:
            self.session.execute(text("SELECT 2"))
        except Exception as lost:
            note(folder, f"{name}.{type(lost).__name__}")
    if how != "end":
        self.session.execute(text("SELECT 3"))


if "transactional" in current_service().store.modes:
    task: Any = shared_task
    task(
        base=ServiceTask,
        bind=True,
        name="tests.transaction",
        work_queue=Queue.SHORT,
        idempotency="transactional",
        autoretry_for=(ConnectionError,),
        retry_backoff=False,
        default_retry_delay=1,
        soft_time_limit=9,
        time_limit=10,
    )(run)
