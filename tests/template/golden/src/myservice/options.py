"""The options of a task, checked: a misspelt one when its file is imported, one that could never hold at start-up."""

import difflib
from typing import TYPE_CHECKING

from celery import Task

from . import times
from .breaker import check_breaker
from .errors import ConfigurationError, TaskOptionError
from .idempotency import MODES
from .queues import Queue
from .schedule import parse_every
from .settings import PREFIX, Settings

if TYPE_CHECKING:
    from .task import ServiceTask

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


def check_names(task: type, base: type) -> None:
    """Refuse a misspelt option of a class that `@shared_task` has made: Celery would take it and ignore it."""
    known = CELERY_OPTIONS | set(dir(base))
    given = vars(task) if "_decorated" in vars(task) else {}
    for option in [name for name in given if name not in known and not name.startswith("_")]:
        near = difflib.get_close_matches(option, known, n=1)
        raise TaskOptionError(
            f"expected an option that Celery or {base.__name__} knows on {task.__name__}, got: {option}; "
            + (f"did you mean {near[0]}?" if near else "remove it")
        )


def check_values(task: "ServiceTask", settings: Settings) -> None:
    """Raise for an option that is missing, or could never hold."""
    if not isinstance(task.work_queue, Queue):
        raise TaskOptionError(
            f"expected work_queue of {task.name} to be a member of Queue, got: {task.work_queue!r}; name one"
        )
    if task.idempotency not in MODES:
        raise TaskOptionError(
            f"expected idempotency of {task.name} to be one of {', '.join(MODES)}, "
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
        check_breaker(task.name, task.breaker, settings)
    times.check_limits(task, task.work_queue.value)
