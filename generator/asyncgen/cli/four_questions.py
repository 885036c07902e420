"""The four questions of add-task in a terminal, each with what its answers lead to.

Not asked is what an option answers, and what an earlier answer leaves no choice in.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..errors import BadInput
from ..service import QueueClass, Service
from ..tasks.answers import TaskOptions, check_every, check_retry_on
from ..tasks.breaker import check_breaker, has_redis
from ..tasks.failure import TRANSIENT, longest_wait
from ..tasks.modes import check_key, check_max_retries, check_mode, default_mode
from ..tasks.payload import default_arguments, parse_arguments, split_list
from ..tasks.resources import check_expected, choose_queue, limits
from .dialogue import Choice, choose, heading, until
from .output import say

__all__ = ["ask"]

_RETRIES, _SECONDS = 5, 10
_KEY = ":key"
"""Behind an argument: its value is a part of the task's key."""
_MODES = {
    "transactional": "exactly once: the effect and its key commit together",
    "lease": "at least once: a crash may repeat it; pass its key on",
    "at-most-once": "a crash or an error skips it, until a person decides",
    "natural": "as often as it comes: it sets values, and adds to none",
}


def ask(task: str, options: TaskOptions, service: Service) -> TaskOptions:
    """`options`, completed by what the user answers."""
    check_every(options.every or "", parse_arguments(options.arg or ()), service)
    number = 0
    while left := _left(options):
        number += 1
        title, question = left[0]
        heading(number, number - 1 + len(left), title)
        options = replace(options, **question(task, options, service))
    return options


def _left(options: TaskOptions) -> list[tuple[str, Callable[[str, TaskOptions, Service], dict[str, Any]]]]:
    """The questions that are still to be asked. A scheduled task has no payload, and at-most-once no retries."""
    retried = options.idempotency != "at-most-once" and options.retry_on is None and options.max_retries is None
    questions = (
        (options.idempotency is None, "Idempotency: a worker dies, its message comes again; what then", _idempotency),
        (options.arg is None and not options.every, "Payload: the least from which the work can be done", _payload),
        (retried, "Failure: what happens after an error", _failure),
        (options.expected is None, "Resources: how many seconds a run takes as a rule", _resources),
    )
    return [(title, question) for asked, title, question in questions if asked]


def _idempotency(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    modes = []
    for mode, consequence in _MODES.items():
        with suppress(BadInput):
            modes.append((check_mode(mode, service), consequence))

    def check(answer: str) -> str:
        return check_mode(answer, service) if answer in _MODES else _one_of(answer, modes)

    return {"idempotency": choose("idempotency", modes, default_mode(service), check)}


def _payload(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    say("  NAME:TYPE, commas between, or none. An object ages on its way: send its id.")
    say("  int, str, bool, float, UUID, date, datetime, Decimal, enum[a,b], list[int]")
    if options.idempotency != "natural" and options.key is None:
        say("  NAME:TYPE:key  two calls with the same value are one piece of work")
    usual = ",".join(f"{argument.name}:{argument.type}" for argument in default_arguments(task))
    return until("arguments", usual or "none", lambda answer: _arguments(answer, options))


def _arguments(answer: str, options: TaskOptions) -> dict[str, Any]:
    texts = split_list(answer)
    arguments = parse_arguments(text.removesuffix(_KEY) for text in texts)
    key = [argument.name for argument, text in zip(arguments, texts, strict=True) if text.endswith(_KEY)]
    check_key([*(options.key or ()), *key], arguments, options.idempotency or "")
    return {"arg": [text.removesuffix(_KEY) for text in texts], "key": options.key or key}


def _failure(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    transient = f"{' or '.join(TRANSIENT)}: {_RETRIES} retries in {longest_wait(_RETRIES)} s"
    choices = [("retry", transient), ("other", "retries after errors that you name, as often as you say")]
    if options.breaker is None and has_redis(service.answers):
        choices.append(("outage", "retry, and a circuit keeps all workers away meanwhile"))
    choices.append(("never", "any error makes a dead letter at once"))
    say("  After what is not retried, or not any more, the message is a dead letter.")
    answer = choose("failure", choices, "retry", lambda answer: _one_of(answer, choices))
    if answer == "never":
        return {"max_retries": 0}
    found: dict[str, Any] = {"max_retries": _RETRIES}
    if answer == "outage":
        say("  Tasks that call the same dependency name the same circuit, such as payments.")
        found["breaker"] = until("circuit", None, lambda answer: check_breaker(answer, service))
    if answer == "other":
        mode = options.idempotency or ""

        def errors(answer: str) -> Sequence[str]:
            return check_retry_on(split_list(answer), _RETRIES, task, mode, service)

        found["retry_on"] = until("MODULE.EXCEPTION, commas between", ",".join(TRANSIENT), errors)
        found["max_retries"] = until("retries", str(_RETRIES), lambda answer: _retries(answer, mode))
    return found


def _retries(answer: str, mode: str) -> int:
    if _number(answer) == 0:
        raise BadInput("expected 1 retry or more of these errors, got: 0")
    return check_max_retries(_number(answer), mode)


def _resources(task: str, options: TaskOptions, service: Service) -> dict[str, Any]:
    queues, bound = service.queues(), options.bound or ""
    soft, hard = limits(_SECONDS)
    say(f"  It is stopped after twice that and killed after three times, here {soft} and {hard}.")
    usual, label = str(_SECONDS), "seconds"
    if options.queue is None and len(queues) > 1:
        label = "seconds, and the queue"
        width = max(len(queue.member) for queue in queues)
        say(*(f"  {queue.member:<{width}}  {_class(queue)}" for queue in queues))
        with suppress(BadInput):
            usual = f"{_SECONDS} {choose_queue(None, _SECONDS, queues, bound).member}"

    def fits(answer: str) -> dict[str, Any]:
        seconds, _, named = answer.partition(" ")
        expected = check_expected(_number(seconds))
        queue = choose_queue(named.strip() or options.queue, expected, queues, bound)
        return {"expected": expected, "queue": queue.member}

    return until(label, usual, fits)


def _class(queue: QueueClass) -> str:
    return f"runs of up to {queue.max_runtime} s" + (", in threads" if queue.pool == "threads" else "")


def _one_of(answer: str, choices: Sequence[Choice]) -> str:
    values = [value for value, _ in choices]
    if answer not in values:
        raise BadInput(f"expected one of {', '.join(values)}, got: {answer}")
    return answer


def _number(answer: str) -> int:
    if not answer.isdecimal():
        raise BadInput(f"expected a whole number, got: {answer}")
    return int(answer)
