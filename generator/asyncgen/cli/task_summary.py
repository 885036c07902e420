"""What was decided for a task, for a person or a program to read."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..tasks import Answers

__all__ = ["as_data", "summary"]


def as_data(answers: "Answers") -> dict[str, Any]:
    """The answers under the names of the options."""
    return {
        "idempotency": answers.idempotency,
        "arg": [f"{argument.name}:{argument.type}" for argument in answers.arguments],
        "key": list(answers.key),
        "retry_on": list(answers.retry_on),
        "max_retries": answers.max_retries,
        "expected": answers.expected,
        "bound": answers.bound,
        "rate_limit": answers.rate_limit,
        "breaker": answers.breaker,
        "queue": answers.queue,
        "every": answers.every,
        "keep_result": answers.keep_result,
    }


def summary(answers: "Answers") -> list[str]:
    """The four answers, in lines of 80 columns."""
    from textwrap import wrap

    from ..tasks.failure import longest_wait
    from ..tasks.resources import limits

    soft, hard = limits(answers.expected)
    key = ", ".join(answers.key) or "the task's id"
    payload = ", ".join(f"{argument.name}: {argument.type}" for argument in answers.arguments)
    retries = (
        f"up to {answers.max_retries} retries on {', '.join(answers.retry_on)}, "
        f"at most {longest_wait(answers.max_retries)} s of waiting"
    )
    lines = [
        f"Idempotency  {answers.idempotency}" + ("" if answers.idempotency == "natural" else f", its key: {key}"),
        f"Payload      {payload or 'none'}",
        f"Failure      {retries if answers.max_retries else 'never retried'}, then a dead letter",
        f"Resources    {answers.expected} s expected, limits of {soft} s and {hard} s, queue {answers.queue}",
        *([f"             at most {answers.rate_limit} on each worker"] if answers.rate_limit else []),
        *([f"             through the circuit {answers.breaker}, which all workers share"] if answers.breaker else []),
        *([f"Schedule     {answers.every}, next at {_next_run(answers.every)}"] if answers.every else []),
        *([f"Result       kept: {answers.keep_result}"] if answers.keep_result else []),
    ]
    return [part for line in lines for part in wrap(line, 80, subsequent_indent=" " * 13)]


def _next_run(every: str) -> str:
    from datetime import UTC, datetime

    from ..tasks.every import parse_every

    moment = parse_every(every).next_run(datetime.now(UTC))
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "never"
