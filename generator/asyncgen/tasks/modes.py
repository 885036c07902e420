"""The four modes of idempotency: which of them the service supports, and the key and the retries that each allows."""

from collections.abc import Sequence

from ..errors import BadInput
from ..names import nearest
from ..service import Service
from .payload import Argument

__all__ = ["MODES", "check_key", "check_max_retries", "check_mode", "default_mode"]

MODES = ("transactional", "lease", "at-most-once", "natural")
_MOST_RETRIES = 100


def default_mode(service: Service) -> str:
    """The strongest mode that the service's store supports."""
    return "transactional" if _has_sql(service) else "lease"


def _has_sql(service: Service) -> bool:
    return service.answers.get("idempotency_store") == "postgresql"


def check_mode(mode: str, service: Service) -> str:
    """The mode, if the service's store supports it."""
    if mode not in MODES:
        near = nearest(mode, MODES)
        fix = f"; did you mean {near}?" if near else ""
        raise BadInput(f"expected idempotency to be {', '.join(MODES[:-1])} or {MODES[-1]}, got: {mode}{fix}")
    if mode == "transactional" and not _has_sql(service):
        raise BadInput(
            "expected a service that keeps its keys in PostgreSQL, since transactional commits the key with "
            "the effect, got: keys in Redis; use --idempotency lease and pass the key on, or run "
            "asyncgen update --data idempotency_store=postgresql"
        )
    return mode


def check_key(key: Sequence[str], arguments: Sequence[Argument], mode: str) -> tuple[str, ...]:
    """The arguments that make two calls the same work; () for the task's id."""
    names = [argument.name for argument in arguments]
    for name in key:
        if name not in names:
            got = f"{name}; its arguments are {', '.join(names)}" if names else f"{name}; it has none"
            raise BadInput(f"expected the key to name arguments of the task, got: {got}")
    if len(set(key)) < len(key):
        raise BadInput(f"expected the key to name each argument once, got: {','.join(key)}")
    if key and mode == "natural":
        raise BadInput(
            f"expected no key with natural, which keeps none, got: {','.join(key)}; leave it out, or use lease"
        )
    return tuple(key)


def check_max_retries(retries: int | None, mode: str) -> int:
    """How often a transient error is retried; never with at-most-once, whose key bars a second attempt."""
    if mode == "at-most-once":
        if retries:
            raise BadInput(
                f"expected no retries with at-most-once, whose key bars a second attempt, got: {retries}; "
                "leave --max-retries out, or use lease"
            )
        return 0
    if retries is not None and not 0 <= retries <= _MOST_RETRIES:
        raise BadInput(f"expected max_retries to be 0 to {_MOST_RETRIES}, got: {retries}")
    return 5 if retries is None else retries
