"""When a task is retried, by its options: what Celery's autoretry does in a service, with jitter as a range."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .literals import literal

__all__ = ["Retries", "Wait", "retries_of"]

_MOST = 1000
_SHORTEST = {"rabbitmq": 1.0}
"""Seconds: what a shorter delay is rounded up to."""


@dataclass(frozen=True)
class Wait:
    """The wait before a retry, of which the first one is 1: its shortest and its longest, in seconds."""

    retry: int
    shortest: float
    longest: float


@dataclass(frozen=True)
class Retries:
    """The waits of a task until it is a dead letter; `unknown` is why they cannot be told."""

    waits: tuple[Wait, ...] = ()
    unknown: str = ""

    @property
    def waiting(self) -> tuple[float, float]:
        """All waits together."""
        return sum(wait.shortest for wait in self.waits), sum(wait.longest for wait in self.waits)


def retries_of(options: Mapping[str, ast.expr], broker: str) -> Retries:
    """The retries by the options of a task and of its base class; broker: the service's answer."""
    errors = options.get("autoretry_for")
    if errors is None or (isinstance(errors, ast.Tuple | ast.List) and not errors.elts):
        return Retries()
    values: dict[str, Any] = {}
    for name in ("max_retries", "retry_backoff", "retry_backoff_max", "retry_jitter", "default_retry_delay"):
        values[name] = literal(options.get(name))
        if not isinstance(values[name], bool | int | float):
            shown = ast.unparse(options[name]) if name in options else "what another file says"
            return Retries(unknown=f"{name} is {shown}")
    arguments = literal(options["retry_kwargs"]) if "retry_kwargs" in options else {}
    if not isinstance(arguments, dict):
        return Retries(unknown=f"retry_kwargs is {ast.unparse(options['retry_kwargs'])}")
    most = arguments.get("max_retries", values["max_retries"])
    fixed = arguments.get("countdown", values["default_retry_delay"])
    if not isinstance(most, int) or most > _MOST or not isinstance(fixed, int | float):
        return Retries(unknown=f"max_retries is {most}, and a wait {fixed}")
    shortest = _SHORTEST.get(broker, 0.0)
    return Retries(tuple(_wait(number, values, fixed, shortest) for number in range(1, most + 1)))


def _wait(number: int, values: Mapping[str, Any], fixed: float, shortest: float) -> Wait:
    if not values["retry_backoff"]:
        wait = max(fixed, shortest) if fixed > 0 else 0
        return Wait(number, wait, wait)
    factor = int(max(1.0, values["retry_backoff"]))
    longest = max(0, min(int(values["retry_backoff_max"]), factor * 2 ** (number - 1)))
    return Wait(number, 0 if values["retry_jitter"] else longest, longest)
