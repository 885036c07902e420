"""The circuit breaker of a task that calls an unstable dependency: all workers share it, in Redis."""

import re
from collections.abc import Mapping
from typing import Any

from ..errors import BadInput
from ..names import corrected
from ..service import Service

__all__ = ["check_breaker", "has_redis"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


def has_redis(answers: Mapping[str, Any]) -> bool:
    """Whether all workers of a service with these answers share a Redis: its broker, or the one that keeps its keys."""
    return "redis" in (answers.get("broker"), answers.get("idempotency_store"))


def check_breaker(name: str, service: Service) -> str:
    """The circuit's name, "" for none; refused where workers have no Redis to share it in."""
    if name and not has_redis(service.answers):
        raise BadInput(
            f"expected a broker or keys in Redis, where workers share a circuit, got: --breaker {name} without one; "
            "give the task a queue of its own, by asyncgen add-queue with a small --concurrency, and a --rate-limit"
        )
    if name and not _NAME.fullmatch(name):
        raise BadInput(
            "expected --breaker to name what the task calls in at most 30 lowercase letters, digits and _, "
            f"got: {name}; use {corrected(name, 'service') or 'payments'}"
        )
    return name
