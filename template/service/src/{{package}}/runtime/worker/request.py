"""A delivery in the worker's main process: ends that no child can report become dead letters here.

Celery acknowledges a task that ran into its hard time limit, one that lost its last worker, and one whose run failed
outside the task, whatever happens to them next. Here the dead letter is stored before that, and if it cannot be stored
the message is requeued. So each end is a success (also a duplicate, or Ignore, which a task raises itself), a retry, or
a dead letter; only what has expired is dropped, with a line of the log, unless KEEP_EXPIRED is set.
"""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from billiard.einfo import ExceptionWithTraceback  # type: ignore[attr-defined]  # not in the stubs
from celery.exceptions import (
    Ignore,
    InvalidTaskError,
    Reject,
    Retry,
    TaskRevokedError,
    Terminated,
    TimeLimitExceeded,
    WorkerLostError,
)
from celery.worker import state
from celery.worker.request import Request

from .. import dead_letters, log_context
from ..settings import settings
from ..signals import task_lost
from . import tally
from .envelope import check_body, check_delay, check_request

__all__ = ["ServiceRequest"]

log = structlog.get_logger(__name__)


def ending(callback: Callable[..., Any]) -> Callable[..., Any]:
    """A callback of the pool that ends the delivery if it raises: the pool would log that, and hold the message.

    The lines of the log that it writes are about this delivery.
    """

    @functools.wraps(callback)
    def guarded(self: "ServiceRequest", *args: Any, **options: Any) -> Any:
        token = log_context.handled.set(self._request_dict)
        try:
            return callback(self, *args, **options)
        except Exception as error:
            self.end(error)
            return None
        finally:
            log_context.handled.reset(token)

    return guarded


class ServiceRequest(Request):
    """Celery's request (`Task.Request`), which acknowledges nothing that is not stored elsewhere."""

    if TYPE_CHECKING:  # the stubs leave its inner parts out

        def __getattr__(self, name: str) -> Any: ...

    _dead_lettered = False
    _failure: BaseException | None = None

    def __init_subclass__(cls) -> None:
        """Guard what Celery adds to this class for each task (`create_request_cls`)."""
        super().__init_subclass__()
        methods: dict[str, Any] = dict(vars(cls))
        if "on_success" in methods:
            cls.on_success = ending(_tallying(methods["on_success"]))  # type: ignore[method-assign]
        if "execute_using_pool" in methods:
            cls.execute_using_pool = _handing_over(methods["execute_using_pool"])  # type: ignore[method-assign]

    def __init__(self, message: Any, **options: Any) -> None:
        """Raise InvalidTaskError for what would end a process, be held for ever, or count as a success unrun."""
        check_body(options.get("body") if options.get("decoded") else message.payload)
        try:
            super().__init__(message, **options)
        except KeyError as missing:
            raise InvalidTaskError(f"expected the header {missing}, got: none") from missing
        check_request(self._request_dict, self._payload[2])
        check_delay(self.eta)
        self._request_dict["retries"] = self._request_dict.get("retries") or 0

    @ending
    def on_accepted(self, pid: Any, time_accepted: float) -> None:
        """Called by the pool when a process has begun."""
        super().on_accepted(pid, time_accepted)

    @ending
    def on_timeout(self, soft: bool, timeout: float) -> None:
        """Called by the pool when a time limit was reached."""
        if soft or self._dead_letter(TimeLimitExceeded(timeout)):
            super().on_timeout(soft, timeout)
        else:
            self._requeue()

    @ending
    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """Called by the pool when a run has failed (`return_ok`: in the tracer), or its process is gone."""
        failure = exc_info.exception
        if isinstance(failure, ExceptionWithTraceback):
            failure = failure.exc
        if isinstance(failure, SystemExit | KeyboardInterrupt) and not self._ended_by_us:
            exc_info = self._worker_lost_info(failure)
            failure = exc_info.exception
        if isinstance(failure, WorkerLostError) and state.should_terminate:
            return None  # our own shutdown ended the process: the message is requeued when the connection closes
        if isinstance(failure, MemoryError):
            return self._requeue()  # Celery raises it, and never acknowledges the message
        if self._is_final(failure, outside=exc_info.internal or not return_ok) and not self._dead_letter(failure):
            return self._requeue()
        self._failure = failure
        if outcome := self._outcome(failure):
            tally.note(self, outcome)
        return super().on_failure(exc_info, send_failed_event, return_ok)

    def maybe_expire(self) -> Any:
        """Whether `expires` has passed. Celery would also revoke the id, and drop a replay under it."""
        return bool(self.expires and datetime.now(self.expires.tzinfo) > self.expires)

    def _announce_revoked(self, reason: str, terminated: bool, signum: Any, expired: bool) -> None:
        """Called for a task that has expired, or was revoked or terminated by remote control."""
        log.warning("expired" if expired else "revoked", task=self.name, id=self.id, reason=reason)
        kept = not expired or settings().keep_expired
        if kept and not self._dead_letter(
            TaskRevokedError(f"{reason}: {self.expires.isoformat()}" if expired else reason)
        ):
            self._already_revoked = True
            self._requeue()
            return
        super()._announce_revoked(reason, terminated, signum, expired)  # type: ignore[misc]  # not in the stubs

    def reject(self, requeue: bool = False) -> None:
        """Dead-letter what is rejected, then acknowledge it: the broker would drop it, or not know the reason."""
        if requeue or self.acknowledged:
            super().reject(requeue)
        elif self._dead_letter(self._failure or InvalidTaskError("it was rejected")):
            self.acknowledge()
        else:
            super().reject(requeue=True)

    def end(self, error: Exception) -> None:
        """End the delivery with a dead letter for what was raised while it was handled, unless it has ended."""
        log.error("handling failed", task=self.name, id=self.id, error=repr(error))
        state.task_ready(self)
        if not self.acknowledged:
            self._failure = error
            self.reject()

    def _is_final(self, failure: BaseException, outside: bool) -> bool:
        """Whether this will not be run again, and the child had no chance to report it: it failed outside the task."""
        if isinstance(failure, WorkerLostError):
            limit = self.task.max_retries
            return limit is not None and self._context.retries >= limit and not self._success_was_stored()
        if isinstance(failure, Ignore | Reject | Retry | Terminated | SystemExit | KeyboardInterrupt):
            return False  # on its way, or handled by `reject` and `_announce_revoked`
        return outside or isinstance(failure, TimeLimitExceeded)

    def _outcome(self, failure: BaseException) -> "tally.Outcome | None":
        """What `top` counts this end as; None for one that is no end of the run's own making."""
        if isinstance(failure, Ignore):
            return "deferred"
        if isinstance(failure, Retry):
            return "retried"
        if isinstance(failure, Terminated | SystemExit | KeyboardInterrupt):
            return None
        if isinstance(failure, Reject):
            return None if getattr(failure, "requeue", False) else "failed"
        return "retried" if isinstance(failure, WorkerLostError) and not self._dead_lettered else "failed"

    @property
    def _ended_by_us(self) -> bool:
        return bool(self._already_cancelled or self._already_revoked)

    def _retry_worker_lost(self, exc: Any, exc_info: Any) -> bool:
        """Publish the task again after its process was lost; where that fails, requeue the message itself."""
        if super()._retry_worker_lost(exc, exc_info):  # type: ignore[misc]  # nor this one
            task_lost.send(self.task, request=self._context, failure=exc, retried=True)
        else:
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
        except Exception as unstored:
            log.error("requeued", task=self.name, id=self.id, error=str(unstored))
            return False
        self._dead_lettered = True
        if isinstance(failure, TimeLimitExceeded | WorkerLostError):
            task_lost.send(self.task, request=self._context, failure=failure, retried=False)
        return True


def _tallying(on_success: Callable[..., Any]) -> Callable[..., Any]:
    """What the pool calls with (failed, result, seconds); a failed run goes on to `on_failure`."""

    @functools.wraps(on_success)
    def noted(self: ServiceRequest, ended: tuple[Any, Any, float], **options: Any) -> Any:
        if not ended[0]:
            tally.note(self, "succeeded", ended[2])
        return on_success(self, ended, **options)

    return noted


def _handing_over(execute: Callable[..., Any]) -> Callable[..., Any]:
    """What hands a request to the pool; one that cannot be handed over ends, and its place in the pool is free."""

    @functools.wraps(execute)
    def guarded(self: ServiceRequest, *args: Any, **options: Any) -> Any:
        try:
            return execute(self, *args, **options)
        except TaskRevokedError:
            raise
        except Exception as error:
            self.end(error)
            raise TaskRevokedError(self.id) from error

    return guarded
