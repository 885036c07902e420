"""The four questions of add-task in a terminal: each with its trade-off, asked again after a wrong answer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import typer

from ..errors import BadInput
from ..service import Service
from ..tasks.answers import TaskOptions
from ..tasks.breaker import check_breaker, has_redis
from ..tasks.failure import TRANSIENT, longest_wait, parse_exception
from ..tasks.modes import check_key, check_max_retries, check_mode, default_mode
from ..tasks.payload import default_arguments, parse_argument, split_list
from ..tasks.resources import check_bound, check_expected, check_rate_limit, choose_queue, limits
from .output import say

__all__ = ["ask"]

T = TypeVar("T")


def ask(task: str, options: TaskOptions, service: Service) -> TaskOptions:
    """`options`, completed by what the user answers."""
    for question in (_idempotency, _payload, _key, _failure, _expected, _bound, _rate_limit, _breaker, _queue):
        options = replace(options, **question(task, options, service))
    return options


def _idempotency(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    if options.idempotency is not None:
        return {}
    say(
        "",
        "Idempotency: a worker may die at any moment, and its message comes again. What may happen then?",
        "  transactional  exactly once: the effect and its key commit in one SQL transaction",
        "  lease          at least once: a crash may repeat the work, so the key is passed on",
        "  at-most-once   a crash or an error skips the work, and a person decides; never retried",
        "  natural        a repeat is harmless: values are set, never added to",
    )
    return {"idempotency": _until("mode", default_mode(service), lambda answer: check_mode(answer, service))}


def _payload(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    if options.arg is not None or options.every:
        return {}
    say(
        "",
        "Payload: keys and primitives, since an object in a message is old when it arrives.",
        "  NAME:TYPE, separated by commas; none for no arguments",
        "  int, str, bool, float, UUID, date, datetime, Decimal, enum[one,another], list[...] of one",
    )
    usual = ",".join(f"{argument.name}:{argument.type}" for argument in default_arguments(task))
    return {"arg": _until("arguments", usual or "none", lambda answer: _each(answer, parse_argument))}


def _key(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    mode = options.idempotency or default_mode(service)
    arguments = [parse_argument(text) for text in options.arg or ()]
    if options.key is not None or mode == "natural" or not arguments:
        return {}
    say(
        "",
        "Key: two calls with the same values of these arguments are one piece of work.",
        "  names, separated by commas; none for the task's id: only a redelivery is the same work",
    )
    return {"key": _until("key", "none", lambda answer: check_key(split_list(answer), arguments, mode))}


def _failure(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    mode = options.idempotency or default_mode(service)
    if mode == "at-most-once" or (options.retry_on is not None and options.max_retries is not None):
        return {}
    say(
        "",
        "Failure: errors that pass by themselves are tried again; all others become a dead letter at once.",
        f"  5 retries wait {_waits(5)} s, {longest_wait(5)} s in all; 10 retries {longest_wait(10)} s; 0 for none",
    )
    answers: dict[str, Any] = {}
    retries = options.max_retries
    if retries is None:
        retries = _until("retries", "5", lambda answer: check_max_retries(_number(answer), mode))
        answers["max_retries"] = retries
    if options.retry_on is None and retries:
        say("  errors as MODULE.EXCEPTION, separated by commas")
        answers["retry_on"] = _until("retry on", ",".join(TRANSIENT), lambda answer: _each(answer, parse_exception))
    return answers


def _waits(retries: int) -> str:
    return ", ".join(str(longest_wait(number + 1) - longest_wait(number)) for number in range(retries))


def _expected(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    if options.expected is not None:
        return {}
    say(
        "",
        "Resources: a run that hangs holds a worker. It is stopped after twice, and killed after three",
        "times the expected seconds; what takes longer than a queue admits has to be split.",
    )
    queues = service.queues()

    def fits(answer: str) -> int:
        expected = check_expected(_number(answer))
        choose_queue(options.queue, expected, queues, options.bound or "")
        return expected

    return {"expected": _until("expected seconds", "10", fits)}


def _bound(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    queues = service.queues()
    if options.bound is not None or options.queue is not None or len({queue.pool for queue in queues}) == 1:
        return {}
    say(
        "",
        "Bound: a run that waits for others is cheapest in a thread; one that computes needs a process of its own,",
        "and only processes know time limits.",
    )
    return {"bound": _until("io or cpu", "cpu", check_bound)}


def _rate_limit(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    if options.rate_limit is not None:
        return {}
    say(
        "",
        "Rate: does what the task calls allow only so many calls? The limit holds for each worker, not for all.",
        "  10/s, 10/m, 100/h; none for no limit",
    )
    return {"rate_limit": _until("rate", "none", lambda answer: check_rate_limit("" if answer == "none" else answer))}


def _breaker(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    if options.breaker is not None or not has_redis(service.answers):
        return {}
    say(
        "",
        "Breaker: does the task call a dependency that is often down? A circuit keeps all workers away from it for a",
        "while, at no cost in retries; tasks that call the same one name the same circuit.",
        "  the dependency's name, such as payments; none for no circuit",
    )
    return {
        "breaker": _until("breaker", "none", lambda answer: check_breaker("" if answer == "none" else answer, service))
    }


def _queue(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    queues, expected = service.queues(), options.expected or 10
    if options.queue is not None or len(queues) == 1:
        return {}
    hard = limits(expected)[1]
    say(
        "",
        f"Queue: its longest run has to admit the {hard} s after which the task is killed.",
        *(f"  {queue.member:<14} {queue.max_runtime} s, {queue.pool}" for queue in queues),
    )
    bound = options.bound or ""
    usual = choose_queue(None, expected, queues, bound).member
    return {"queue": _until("queue", usual, lambda answer: choose_queue(answer, expected, queues, bound).member)}


def _until(label: str, usual: str, check: Callable[[str], T]) -> T:
    """Ask until the answer passes the check."""
    while True:
        answer = typer.prompt(label, default=usual)
        try:
            return check(answer.strip())
        except BadInput as error:
            say(f"  {error}")


def _each(answer: str, check: Callable[[str], object]) -> list[str]:
    parts = split_list(answer)
    for part in parts:
        check(part)
    return parts


def _number(answer: str) -> int:
    if not answer.isdecimal():
        raise BadInput(f"expected a whole number, got: {answer}")
    return int(answer)
