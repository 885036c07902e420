"""The four questions of a task, Idempotency, Payload, Failure and Resources: the options given, and the answers.

Each check stands alone, so that a terminal can ask again after a wrong answer; `decide` runs them all.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import BadInput
from ..names import task_name
from ..service import Service
from .breaker import check_breaker
from .every import parse_every
from .failure import TRANSIENT, parse_exception
from .importing import check_import
from .modes import check_key, check_max_retries, check_mode, default_mode
from .payload import Argument, default_arguments, parse_arguments
from .resources import check_bound, check_expected, check_rate_limit, choose_queue

__all__ = ["Answers", "TaskOptions", "check_every", "check_keep_result", "check_retry_on", "decide", "decide_all"]

_REASON_LETTERS = 60
_NAMES_OF_A_TASK_FILE = ("work", "logger", "shared_task", "Queue", "ServiceTask", "date", "Decimal", "UUID", "Literal")


@dataclass(frozen=True)
class TaskOptions:
    """The options of add-task; None for one that was not given."""

    queue: str | None = None
    arg: Sequence[str] | None = None
    idempotency: str | None = None
    key: Sequence[str] | None = None
    retry_on: Sequence[str] | None = None
    max_retries: int | None = None
    expected: int | None = None
    keep_result: str | None = None
    every: str | None = None
    rate_limit: str | None = None
    bound: str | None = None
    breaker: str | None = None


@dataclass(frozen=True)
class Answers:
    """What was decided for a task."""

    queue: str
    arguments: tuple[Argument, ...]
    idempotency: str
    key: tuple[str, ...]
    retry_on: tuple[str, ...]
    max_retries: int
    expected: int
    keep_result: str = ""
    every: str = ""
    rate_limit: str = ""
    bound: str = ""
    breaker: str = ""


def decide(name: str, options: TaskOptions, service: Service) -> Answers:
    """The answers for a task, with safe defaults for options not given; BadInput for invalid ones."""
    mode = check_mode(options.idempotency or default_mode(service), service)
    arguments = _arguments(name, options)
    every = check_every(options.every or "", arguments, service)
    retries = check_max_retries(options.max_retries, mode)
    expected = check_expected(10 if options.expected is None else options.expected)
    bound = check_bound(options.bound or "")
    return Answers(
        queue=choose_queue(options.queue, expected, service.queues(), bound).member,
        arguments=arguments,
        idempotency=mode,
        key=check_key(options.key or (), arguments, mode),
        retry_on=check_retry_on(options.retry_on, retries, name, mode, service),
        max_retries=retries,
        expected=expected,
        keep_result=check_keep_result(options.keep_result or "", service),
        every=every,
        rate_limit=check_rate_limit(options.rate_limit or ""),
        bound=bound,
        breaker=check_breaker(options.breaker or "", service),
    )


def decide_all(tasks: Sequence[tuple[str, TaskOptions]], service: Service) -> list[tuple[str, Answers]]:
    """The name and the answers of each task; BadInput, with the task's name, for the first invalid one."""
    taken, decided = service.module_names, dict[str, Answers]()
    for text, options in tasks:
        name = task_name(text, taken)
        if name in decided:
            raise BadInput(f"expected each task once, got: {name} twice")
        try:
            decided[name] = decide(name, options, service)
        except BadInput as error:
            raise BadInput(f"{name}: {error}") from error
    return list(decided.items())


def _arguments(name: str, options: TaskOptions) -> tuple[Argument, ...]:
    if options.arg is not None:
        return parse_arguments(options.arg)
    return () if options.every else default_arguments(name)


def check_every(every: str, arguments: Sequence[Argument], service: Service) -> str:
    """The schedule in its plain spelling, "" for none; refused where the service runs no beat."""
    if not every:
        return ""
    if service.answers.get("scheduler") is not True:
        raise BadInput(
            "expected a service that runs a scheduler, got: scheduler false; "
            "run asyncgen update --data scheduler=true first"
        )
    if arguments:
        raise BadInput(
            "expected a scheduled task to have no arguments, since beat publishes it with none, "
            f"got: {', '.join(argument.name for argument in arguments)}; "
            "fetch what is due inside, and publish a task for each"
        )
    return parse_every(every).text


def check_retry_on(
    errors: Sequence[str] | None, retries: int, name: str, mode: str, service: Service
) -> tuple[str, ...]:
    """The errors that a task is retried on, by default those of the network; refused where they cannot be imported."""
    if not retries:
        if errors:
            why = "at-most-once" if mode == "at-most-once" else "no retries"
            raise BadInput(f"expected no errors to retry on with {why}, got: {', '.join(errors)}; leave --retry-on out")
        return ()
    parsed = tuple(dict.fromkeys(parse_exception(text) for text in errors or TRANSIENT))
    for error in parsed:
        if "." in error and error.partition(".")[0] in {name, *_NAMES_OF_A_TASK_FILE}:
            raise BadInput(
                f"expected the errors' modules to be named unlike what the task's file defines, got: {error}; "
                "take another name for the task, or for the module"
            )
    for error in parsed:
        if error.partition(".")[0] not in sys.stdlib_module_names:
            check_import(error, service.root)
    return parsed


def check_keep_result(reason: str, service: Service) -> str:
    """The reason to keep the return value, "" for none; refused where the service keeps none."""
    if reason and service.answers.get("results", "none") == "none":
        raise BadInput(
            "expected a service that keeps results, got: results none; write the value where its reader looks, "
            "or run asyncgen update --data results=redis"
        )
    plain = reason.isascii() and reason.isprintable() and not set(reason) & set('"\\')
    if reason and (not plain or len(reason) > _REASON_LETTERS or reason != reason.strip()):
        raise BadInput(
            f"expected the reason to keep the result to be at most {_REASON_LETTERS} plain letters without "
            f"quotes or \\, got: {reason}"
        )
    return reason
