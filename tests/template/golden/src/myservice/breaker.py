"""Circuit breakers: a dependency that keeps failing is left alone for a while, by all workers together.

pybreaker counts and decides, in a Redis that all workers share. Two things are added, since its lock is one process's:
each run has a breaker object of its own, so that the threads of a worker do not wait for each other; and a mark in
Redis lets one run alone try the dependency again.

While a circuit is open nothing calls the dependency, no key is taken and no retry is used up: messages come back later.
Where Redis is away, runs pass: a breaker protects the dependency, and must not become one.
"""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self

import structlog
from celery.exceptions import Retry, SoftTimeLimitExceeded
from pybreaker import (
    STATE_CLOSED,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerListener,
    CircuitBreakerState,
    CircuitRedisStorage,
)
from redis import Redis
from redis.exceptions import RedisError

from . import NAME
from .errors import ConfigurationError, TaskOptionError
from .idempotency import Later
from .settings import PREFIX, Settings, settings

__all__ = ["CircuitOpen", "admission", "check_breaker"]

log = structlog.get_logger(__name__)

FAILURES = 5
"""Failures in a row, of all workers together, that open a circuit."""

RESET = 30.0
"""Seconds until one run tries the dependency again, and until the next one may if that one is never heard of again."""

SPREAD = 0.5
"""The part of `RESET` over which the runs that wait come back, so that a dependency that recovers meets no crowd."""

Call = Callable[..., Any]


class CircuitOpen(Later):
    """The dependency is left alone: nothing was called."""

    doubling = False

    @classmethod
    def of(cls, name: str, seconds: float) -> Self:
        """With the seconds until the circuit may be tried."""
        return cls(
            f"expected the circuit {name} to be closed, got: open; try again in {seconds:.0f} s",
            seconds + random.uniform(0, SPREAD * RESET),
        )


class Told(CircuitBreakerListener):
    """Has the log tell each change: open, half-open, closed."""

    def state_change(
        self, cb: CircuitBreaker, old_state: CircuitBreakerState | None, new_state: CircuitBreakerState
    ) -> None:
        """See CircuitBreakerListener."""
        log.warning(f"circuit {new_state.name}", circuit=cb.name)


def check_breaker(task: str, name: str, settings: Settings) -> None:
    """Refuse a name that cannot be a key's part, and a worker's environment that names no Redis for it."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,29}", name):
        raise TaskOptionError(
            f"expected breaker of {task} to be a name of at most 30 lowercase letters, digits and _, "
            f'got: {name!r}; name the dependency, such as "payments"'
        )
    if settings.broker_url and settings.idempotency_url:
        _url(settings)


@contextmanager
def admission(name: str | None, transient: tuple[type[BaseException], ...]) -> Iterator[Call]:
    """Yield what calls a run through the circuit `name`; CircuitOpen before anything is called if it is open.

    transient: the errors that say the dependency is down; any error if there are none. A run that asks for a retry or
    overruns its soft limit says so too. Every other end shows that the dependency answers.
    """
    call: Call = _plainly
    if name and (url := _url(settings())):
        try:
            call = _through(url, name, transient)
        except RedisError as away:
            log.warning("circuit passed over", circuit=name, error=str(away))
    yield call


def _plainly(run: Call, *args: Any, **kwargs: Any) -> Any:
    return run(*args, **kwargs)


def _through(url: str, name: str, transient: tuple[type[BaseException], ...]) -> Call:
    breaker = _breaker(url, name, transient)
    if breaker.current_state != STATE_CLOSED:
        _claim_the_try(url, name)

    def call(run: Call, *args: Any, **kwargs: Any) -> Any:
        try:
            return breaker.call(run, *args, **kwargs)
        except CircuitBreakerError:  # it was opened since
            raise CircuitOpen.of(name, RESET) from None

    return call


def _breaker(url: str, name: str, transient: tuple[type[BaseException], ...]) -> CircuitBreaker:
    down = (Retry, SoftTimeLimitExceeded, *(transient or (Exception,)))

    def answers(error: BaseException) -> bool:
        return isinstance(error, Exception) and not isinstance(error, down)

    return CircuitBreaker(
        fail_max=FAILURES,
        reset_timeout=RESET,
        exclude=[answers],
        listeners=[Told()],
        state_storage=_storage(url, name),
        name=name,
        throw_new_error_on_trip=False,
    )


def _claim_the_try(url: str, name: str) -> None:
    """Return for the one run that may try the dependency; CircuitOpen for all others."""
    opened = _storage(url, name).opened_at
    left = RESET - (datetime.now(UTC) - opened).total_seconds() if opened else 0
    if left > 0:
        raise CircuitOpen.of(name, left)
    if not _client(url).set(f"{_prefix(name)}:try", 1, nx=True, px=round(RESET * 1000)):
        raise CircuitOpen.of(name, RESET)
    log.info("circuit tried", circuit=name)


@cache
def _storage(url: str, name: str) -> CircuitRedisStorage:
    return CircuitRedisStorage(STATE_CLOSED, _client(url), namespace=_prefix(name))


@cache
def _client(url: str) -> Redis:
    # Threads may be many: the pool's own limit would refuse the last of them.
    return Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3, max_connections=10_000)


def _prefix(name: str) -> str:
    return f"{NAME}:breaker:{name}"


def _url(settings: Settings) -> str | None:
    """A Redis that all workers share. None for a broker in memory: there is no other worker then."""
    for url in (settings.idempotency_url, settings.broker_url):
        if url.startswith(("redis://", "rediss://", "unix://")):
            return url
    if settings.broker_url.startswith("memory://"):
        return None
    raise ConfigurationError(
        f"expected a redis:// URL in {PREFIX}IDEMPOTENCY_URL or {PREFIX}BROKER_URL for the circuit breakers of tasks, "
        "got: none; set one, or take breaker out of the tasks"
    )
