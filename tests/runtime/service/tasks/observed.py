"""A run that has a secret wherever one may be: in its argument, a variable, a URL, a statement's value, an error."""

import logging
import os
from pathlib import Path

import structlog

from runtime import ServiceTask, shared_task

from ..notes import note
from ..queues import Queue

__all__ = ["observed", "report"]

log = structlog.get_logger(__name__)


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.observed",
    work_queue=Queue.SHORT,
    idempotency="lease",
    autoretry_for=(ConnectionError,),
    retry_backoff=False,
    default_retry_delay=1,
    max_retries=1,
    soft_time_limit=5,
    time_limit=10,
)
def observed(self: ServiceTask, folder: str, secret: str) -> None:
    """Ask for a retry, then fail for good, until `folder/fixed` is there; then leave the effect."""
    of_the_owner = f"variable {secret}"
    logging.getLogger("owner").info("a line of the owner")
    log.info("another line of the owner", length=len(of_the_owner))
    if not (Path(folder) / "fixed").exists():
        if self.request.retries == 0:
            raise ConnectionError(f"https://user:{secret}@host:1/ refused")
        from sqlalchemy import create_engine, text

        with create_engine("sqlite://").connect() as connection:
            connection.execute(text("INSERT INTO nowhere VALUES (:secret)"), {"secret": secret})
    note(folder, "effect")


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.report",
    work_queue=Queue.SHORT,
    idempotency="lease",
    every="0 3 * * *",
    soft_time_limit=5,
    time_limit=10,
)
def report(self: ServiceTask) -> None:
    """Run every night; fail while the file RUNTIME_REPORT_FAILS exists."""
    if Path(os.environ.get("RUNTIME_REPORT_FAILS", "/nowhere")).exists():
        raise ValueError("it cannot work")
