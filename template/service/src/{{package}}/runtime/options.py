"""The options of a task, checked: a misspelt one when its file is imported, one that could never hold at start-up."""

import difflib
import inspect
from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import Protocol

from celery import Task

from .arguments import Arguments
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


PROMISED = {
    "acks_late": (True, "a message that is acknowledged before its run is lost with its worker"),
    "acks_on_failure": (True, "a failed run would be a dead letter twice"),
    "acks_on_timeout": (True, "a run that is out of time would be a dead letter twice"),
    "acks_on_failure_or_timeout": (True, "a failed run would be a dead letter twice"),
    "retry_on_worker_lost": (True, "a run whose process is killed would be neither retried nor a dead letter"),
    "reject_on_worker_lost": (False, "a run that kills its process would be repeated without being counted"),
    "serializer": ("json", "no worker accepts anything else"),
}
"""Celery's options that keep a promise of every task: the value that each has, and what another one would do."""


class Options(Limits, Scheduled, Protocol):
    """The options of a task that are checked."""

    @property
    def work_queue(self) -> Enum | None: ...

    @property
    def idempotency(self) -> Mode | None: ...

    @property
    def key(self) -> Sequence[str]: ...

    @property
    def own_name(self) -> str: ...

    @property
    def keep_result(self) -> str | None: ...

    @property
    def breaker(self) -> str | None: ...

    @property
    def deprecated(self) -> str | None: ...

    @property
    def arguments(self) -> inspect.Signature: ...

    @property
    def typed(self) -> Arguments: ...


def check_names(task: type) -> None:
    """Refuse a misspelt option of a class that `@shared_task` has made: Celery would take it and ignore it."""
    base = task.__bases__[0]
    known = _known(base)
    given = vars(task) if "_decorated" in vars(task) else {}
    for option in [name for name in given if name not in known and not name.startswith("_")]:
        near = difflib.get_close_matches(option, known, n=1)
        raise TaskOptionError(
            f"expected an option that Celery or {base.__name__} knows on {task.__name__}, got: {option}; "
            + (f"did you mean {near[0]}?" if near else "remove it")
        )
    kept = getattr(task, "keep_result", None) is not None
    if vars(task).get("ignore_result") == kept:
        raise TaskOptionError(
            f"expected keep_result of {task.__name__} to say whether its result is kept, and why, "
            f"got: ignore_result={kept}; remove ignore_result"
        )


@cache
def _known(base: type) -> frozenset[str]:
    return frozenset({*CELERY_OPTIONS, *dir(base)})


def check_values(task: Options, service: Service, settings: Settings) -> None:
    """Raise TaskOptionError or ConfigurationError for an option that is missing, or could never hold."""
    queue = task.work_queue.value if isinstance(task.work_queue, Enum) else None
    if not isinstance(queue, QueueClass) or queue not in service.queues:
        raise TaskOptionError(
            f"expected work_queue of {task.own_name} to be a member of Queue, got: {task.work_queue!r}; name one"
        )
    if task.idempotency not in service.store.modes:
        raise TaskOptionError(
            f"expected idempotency of {task.own_name} to be one of {', '.join(service.store.modes)}, "
            f"got: {task.idempotency!r}; choose one of them"
        )
    for option, (promised, otherwise) in PROMISED.items():
        if (got := getattr(task, option)) != promised:
            raise TaskOptionError(
                f"expected {option} of {task.own_name} to be {promised!r}, got: {got!r}; remove it, since {otherwise}"
            )
    _check_arguments(task)
    for name in task.key:
        if name not in task.arguments.parameters:
            raise TaskOptionError(
                f"expected key of {task.own_name} to name its arguments, got: {name}; correct the key"
            )
    if task.keep_result and not settings.result_url:
        raise ConfigurationError(
            f"expected {PREFIX}RESULT_URL to be set, since {task.own_name} keeps its result, got: nothing; set it"
        )
    if task.every:
        parse_every(task.every)
        if needed := [name for name, each in task.arguments.parameters.items() if _is_needed(each)]:
            raise TaskOptionError(
                f"expected every argument of {task.own_name} to have a default, since beat passes none, "
                f"got: {', '.join(needed)}; give each a default, or publish it from another task that names every"
            )
    if task.deprecated is not None and not (isinstance(task.deprecated, str) and task.deprecated):
        raise TaskOptionError(
            f"expected deprecated of {task.own_name} to say what to use instead, got: {task.deprecated!r}; write it"
        )
    if task.breaker is not None:
        if service.breaker is None:
            raise TaskOptionError(
                f"expected no breaker of {task.own_name} in a service without Redis, where workers share a circuit, "
                f"got: {task.breaker}; give the task a work_queue of its own with a small concurrency, and a rate_limit"
            )
        service.breaker.check(task.own_name, task.breaker)
    check_limits(task, queue)


def _check_arguments(task: Options) -> None:
    try:
        parameters = list(task.arguments.parameters.values())
    except NameError as unknown:
        raise TaskOptionError(
            f"expected the annotations of {task.own_name} to be known when it runs, got: {unknown}; "
            "import what they name, and not only for type checkers"
        ) from unknown
    if parameters and _is_task(parameters[0]) and isinstance(inspect.getattr_static(type(task), "run"), staticmethod):
        raise TaskOptionError(
            f"expected bind of {task.own_name} to be True, since its function takes {parameters[0]}, got: False; "
            "add bind=True"
        )
    task.typed.check_annotations()
    task.typed.check_former()


def _is_task(first: inspect.Parameter) -> bool:
    return first.name == "self" or (isinstance(first.annotation, type) and issubclass(first.annotation, Task))


def _is_needed(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in (
        parameter.VAR_POSITIONAL,
        parameter.VAR_KEYWORD,
    )
