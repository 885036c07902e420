"""The task `send_welcome`: write `work` below. Its options hold these answers.

Idempotency: lease
    The key is claimed, the work done, the key completed. A crash before the last step repeats
    the work: pass `task.idempotency_key` on to every system that takes one.
    Its key: user_id

Payload: keys and primitives; fresh data is fetched here
    user_id: int

Failure: up to 5 retries, at most 31 s of waiting in all
    on ConnectionError
    on TimeoutError
    Then, and at once after any other error, it becomes a dead letter.

Resources: 10 s expected, in Queue.DEFAULT
    Soft time limit 20 s; the hard limit of 30 s kills the process.
"""

import logging

from ..queues import Queue
from ..runtime import shared_task
from ..task import ServiceTask

__all__ = ["send_welcome"]

logger = logging.getLogger(__name__)


@shared_task(
    base=ServiceTask,
    bind=True,
    work_queue=Queue.DEFAULT,
    idempotency="lease",
    key=("user_id",),
    autoretry_for=(ConnectionError, TimeoutError),
    retry_backoff=1,
    retry_backoff_max=60,
    max_retries=5,
    soft_time_limit=20,
    time_limit=30,
)
def send_welcome(self: ServiceTask, user_id: int) -> None:
    work(self, user_id)


def work(task: ServiceTask, user_id: int) -> None:
    """The work itself, yours to write: replace this body."""
    logger.info("send_welcome is not written yet, key %s", task.idempotency_key)


# asyncgen: unknown sha256:48488d6aaf8cf9736bc1ab0f2a12d63758e8e571190be944b5893e0ccf34b78a
