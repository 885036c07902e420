"""A delivery as the worker's main process sees it: ends that no child can report become dead letters here.

Celery acknowledges a task that ran into its hard time limit, and one that lost its last worker, whatever happens to
them next. Here the letter is kept before that, and if it cannot be kept the message goes back to its queue.
"""

from typing import TYPE_CHECKING, Any

import structlog
from billiard.einfo import ExceptionWithTraceback  # type: ignore[attr-defined]  # not in the stubs
from celery.exceptions import InvalidTaskError, TimeLimitExceeded, WorkerLostError
from celery.worker import state
from celery.worker.request import Request

from . import dead_letters
from .errors import PublishError

__all__ = ["ServiceRequest"]

log = structlog.get_logger(__name__)


class ServiceRequest(Request):
    """Celery's request (`Task.Request`), which lets nothing go that is not kept elsewhere."""

    if TYPE_CHECKING:  # the stubs leave its inner parts out

        def __getattr__(self, name: str) -> Any: ...

    _kept = False
    _failure: BaseException | None = None

    def __init__(self, message: Any, **options: Any) -> None:
        """Refuse what Celery's tracer would count as a success without having run it."""
        super().__init__(message, **options)
        if not isinstance(self._args, list | tuple) or not isinstance(self._kwargs, dict):
            raise InvalidTaskError("expected the arguments to be a list and an object")

    def on_timeout(self, soft: bool, timeout: float) -> None:
        """The pool's word that a time limit was reached."""
        if soft or self._keep(TimeLimitExceeded(timeout)):
            super().on_timeout(soft, timeout)
        else:
            self._give_back()

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """The pool's word that a run has failed, or that its process is gone."""
        failure = exc_info.exception
        if isinstance(failure, ExceptionWithTraceback):
            failure = failure.exc
        if isinstance(failure, SystemExit | KeyboardInterrupt) and not self._ended_by_us:
            exc_info = self._worker_lost_info(failure)
            failure = exc_info.exception
        if isinstance(failure, WorkerLostError) and state.should_terminate:
            return None  # our own shutdown ended the process: the message goes back when the connection closes
        if self._is_the_end(failure) and not self._keep(failure):
            return self._give_back()
        self._failure = failure
        return super().on_failure(exc_info, send_failed_event, return_ok)

    def reject(self, requeue: bool = False) -> None:
        """Keep what nobody wants again and acknowledge it: the broker alone would drop it, or know nothing of why."""
        if requeue or self.acknowledged:
            super().reject(requeue)
        elif self._keep(self._failure or InvalidTaskError("it was rejected")):
            self.acknowledge()
        else:
            super().reject(requeue=True)

    def _is_the_end(self, failure: BaseException) -> bool:
        """Whether nobody will run this again, and the child had no chance to say so."""
        if isinstance(failure, WorkerLostError):
            limit = self.task.max_retries
            return limit is not None and self._context.retries >= limit and not self._success_was_stored()
        return isinstance(failure, TimeLimitExceeded)

    @property
    def _ended_by_us(self) -> bool:
        return bool(self._already_cancelled or self._already_revoked)

    def _retry_worker_lost(self, exc: Any, exc_info: Any) -> bool:
        """Publish the task again after its process was lost; where that fails, give the message itself back."""
        if not super()._retry_worker_lost(exc, exc_info):  # type: ignore[misc]  # nor this one
            self._give_back()
        return True

    def _give_back(self) -> None:
        state.task_ready(self)
        super().reject(requeue=True)

    def _keep(self, failure: BaseException) -> bool:
        """Keep the dead letter, once: Celery reports a hard time limit twice. False if the broker did not take it."""
        if self._kept or self.acknowledged:
            return True
        try:
            dead_letters.keep_run(self.task, self._context, failure)
        except PublishError as unkept:
            log.error("given back", task=self.name, id=self.id, error=str(unkept))
            return False
        self._kept = True
        return True
