"""A delivery in the worker's main process: ends that no child can report become dead letters here.

Celery acknowledges a task that ran into its hard time limit, and one that lost its last worker, whatever happens to
them next. Here the dead letter is stored before that, and if it cannot be stored the message is requeued.
"""

from typing import TYPE_CHECKING, Any

import structlog
from billiard.einfo import ExceptionWithTraceback  # type: ignore[attr-defined]  # not in the stubs
from celery.exceptions import InvalidTaskError, TimeLimitExceeded, WorkerLostError
from celery.worker import state
from celery.worker.request import Request

from .. import dead_letters
from ..errors import PublishError

__all__ = ["ServiceRequest"]

log = structlog.get_logger(__name__)


class ServiceRequest(Request):
    """Celery's request (`Task.Request`), which acknowledges nothing that is not stored elsewhere."""

    if TYPE_CHECKING:  # the stubs leave its inner parts out

        def __getattr__(self, name: str) -> Any: ...

    _dead_lettered = False
    _failure: BaseException | None = None

    def __init__(self, message: Any, **options: Any) -> None:
        """Refuse what Celery's tracer would count as a success without having run it."""
        super().__init__(message, **options)
        if not isinstance(self._args, list | tuple) or not isinstance(self._kwargs, dict):
            raise InvalidTaskError("expected the arguments to be a list and an object")

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """Called by the pool when a time limit was reached."""
        if soft or self._dead_letter(TimeLimitExceeded(timeout)):
            super().on_timeout(soft, timeout)
        else:
            self._requeue()

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """Called by the pool when a run has failed, or its process is gone."""
        failure = exc_info.exception
        if isinstance(failure, ExceptionWithTraceback):
            failure = failure.exc
        if isinstance(failure, SystemExit | KeyboardInterrupt) and not self._ended_by_us:
            exc_info = self._worker_lost_info(failure)
            failure = exc_info.exception
        if isinstance(failure, WorkerLostError) and state.should_terminate:
            return None  # our own shutdown ended the process: the message is requeued when the connection closes
        if self._is_final(failure) and not self._dead_letter(failure):
            return self._requeue()
        self._failure = failure
        return super().on_failure(exc_info, send_failed_event, return_ok)

    def reject(self, requeue: bool = False) -> None:
        """Dead-letter what is rejected, then acknowledge it: the broker would drop it, or not know the reason."""
        if requeue or self.acknowledged:
            super().reject(requeue)
        elif self._dead_letter(self._failure or InvalidTaskError("it was rejected")):
            self.acknowledge()
        else:
            super().reject(requeue=True)

    def _is_final(self, failure: BaseException) -> bool:
        """Whether this will not be run again, and the child had no chance to report it."""
        if isinstance(failure, WorkerLostError):
            limit = self.task.max_retries
            return limit is not None and self._context.retries >= limit and not self._success_was_stored()
        return isinstance(failure, TimeLimitExceeded)

    @property
    def _ended_by_us(self) -> bool:
        return bool(self._already_cancelled or self._already_revoked)

    def _retry_worker_lost(self, exc: Any, exc_info: Any) -> bool:
        """Publish the task again after its process was lost; where that fails, requeue the message itself."""
        if not super()._retry_worker_lost(exc, exc_info):  # type: ignore[misc]  # nor this one
            self._requeue()
        return True

    def _requeue(self) -> None:
        state.task_ready(self)
        super().reject(requeue=True)

    def _dead_letter(self, failure: BaseException) -> bool:
        """Store the dead letter, once: Celery reports a hard time limit twice. False if the broker did not take it."""
        if self._dead_lettered or self.acknowledged:
            return True
        try:
            dead_letters.store_run(self.task, self._context, failure)
        except PublishError as unstored:
            log.error("requeued", task=self.name, id=self.id, error=str(unstored))
            return False
        self._dead_lettered = True
        return True
