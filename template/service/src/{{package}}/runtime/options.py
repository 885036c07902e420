"""The options of a task, checked: a misspelt one when its file is imported, one that could never hold at start-up."""

import difflib
import inspect
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from celery import Task

from .errors import ConfigurationError, TaskOptionError
from .idempotency import Mode
from .queues import Limits, QueueClass, check_limits
from .schedule import Scheduled, parse_every
from .service import Service
from .settings import PREFIX, Settings

__all__ = ["check_names", "check_values"]

CELERY_OPTIONS = {
    *dir(Task),
    "autoretry_for",
    "dont_autoretry_for",
    "retry_backoff",
    "retry_backoff_max",
    "retry_jitter",
    "retry_kwargs",
}
"""What `@shared_task` takes: a task's attributes, and what Celery's autoretry reads besides."""


class Options(Limits, Scheduled, Protocol):
    """The options of a task that are checked."""

    @property
    def work_queue(self) -> Enum | None: ...

    @property
    def idempotency(self) -> Mode | None: ...

    @property
    def key(self) -> Sequence[str]: ...

    @property
    def keep_result(self) -> str | None: ...

    @property
    def breaker(self) -> str | None: ...

    @property
    def arguments(self) -> inspect.Signature: ...


def check_names(task: type) -> None:
    """Refuse a misspelt option of a class that `@shared_task` has made: Celery would take it and ignore it."""
    base = task.__bases__[0]
    known = CELERY_OPTIONS | set(dir(base))
    given = vars(task) if "_decorated" in vars(task) else {}
    for option in [name for name in given if name not in known and not name.startswith("_")]:
        near = difflib.get_close_matches(option, known, n=1)
        raise TaskOptionError(
            f"expected an option that Celery or {base.__name__} knows on {task.__name__}, got: {option}; "
            + (f"did you mean {near[0]}?" if near else "remove it")
        )


def check_values(task: Options, service: Service, settings: Settings) -> None:
    """Raise TaskOptionError or ConfigurationError for an option that is missing, or could never hold."""
    queue = task.work_queue.value if isinstance(task.work_queue, Enum) else None
    if not isinstance(queue, QueueClass) or queue not in service.queues:
        raise TaskOptionError(
            f"expected work_queue of {task.name} to be a member of Queue, got: {task.work_queue!r}; name one"
        )
    if task.idempotency not in service.store.modes:
        raise TaskOptionError(
            f"expected idempotency of {task.name} to be one of {', '.join(service.store.modes)}, "
            f"got: {task.idempotency!r}; choose one of them"
        )
    for name in task.key:
        if name not in task.arguments.parameters:
            raise TaskOptionError(f"expected key of {task.name} to name its arguments, got: {name}; correct the key")
    if task.keep_result and not settings.result_url:
        raise ConfigurationError(
            f"expected {PREFIX}RESULT_URL to be set, since {task.name} keeps its result, got: nothing; set it"
        )
    if task.every:
        parse_every(task.every)
    if task.breaker is not None:
        if service.breaker is None:
            raise TaskOptionError(
                f"expected no breaker of {task.name} in a service without Redis, where workers share a circuit, "
                f"got: {task.breaker}; give the task a work_queue of its own with a small concurrency, and a rate_limit"
            )
        service.breaker.check(task.name, task.breaker)
    check_limits(task, queue)
