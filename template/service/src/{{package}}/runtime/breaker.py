"""Circuit breakers: a dependency that keeps failing is not called for a while, by any worker.

pybreaker counts and decides, in a Redis that all workers share. Two things are added, since its lock is one process's:
each run has a breaker object of its own, so that the threads of a worker do not wait for each other; and a key in
Redis lets one run alone probe the dependency.

While a circuit is open nothing calls the dependency, no key is taken and no retry is used up: runs are deferred.
Where Redis is away, runs pass: a breaker protects the dependency, and must not become one.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from celery.exceptions import Retry, SoftTimeLimitExceeded
from pybreaker import (
    STATE_CLOSED,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerListener,
    CircuitBreakerState,
    CircuitRedisStorage,
)
from pydantic import Field
from redis import Redis
from redis.exceptions import RedisError

from .errors import CircuitOpen, ConfigurationError, TaskOptionError
from .log_context import Log
from .settings import PREFIX, Environment, Settings, server_name
from .signals import circuit_changed

__all__ = ["CircuitBreakers"]

log = Log(__name__)

SPREAD = 0.5
"""The part of `breaker_reset` over which deferred runs are spread, so that they do not all call it at once."""

Call = Callable[..., Any]


class BreakerSettings(Environment):
    """The environment variables of circuit breakers."""

    breaker_failures: int = Field(default=5, gt=0)
    """Failures in a row, of all workers together, that open a circuit."""
    breaker_reset: float = Field(default=30.0, gt=0)
    """Seconds until one run probes the dependency, and until the next one may if that one never ends."""


class StateChangeLogger(CircuitBreakerListener):
    """Logs each change: open, half-open, closed."""

    def state_change(
        self, cb: CircuitBreaker, old_state: CircuitBreakerState | None, new_state: CircuitBreakerState
    ) -> None:
        """See CircuitBreakerListener."""
        log.warning(f"circuit {new_state.name}", circuit=cb.name)
        circuit_changed.send(cb.name, state=new_state.name)


class CircuitBreakers:
    """The circuits of a service, by name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._breaker = BreakerSettings.read()

    def check(self, task: str, name: str) -> None:
        """Raise TaskOptionError for a name that cannot be a key's part, ConfigurationError where no Redis is named."""
        if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,29}", name):
            raise TaskOptionError(
                f"expected breaker of {task} to be a name of at most 30 lowercase letters, digits and _, "
                f'got: {name!r}; name the dependency, such as "payments"'
            )
        if self._settings.broker_url and self._settings.idempotency_url:
            self._url()

    def states(self, names: Iterable[str]) -> dict[str, str]:
        """See Breaker; an open circuit stays open until a run probes it. Raises RedisError."""
        if (url := self._url()) is None:
            return {}
        _client(url).ping()  # the storage would take a Redis that is away for a closed circuit
        return {name: _storage(url, name).state for name in names}

    @contextmanager
    def calling(self, name: str, transient: tuple[type[BaseException], ...]) -> Iterator[Call]:
        """Yield what calls a run through the circuit `name`; raises CircuitOpen before anything is called.

        transient: the errors that say the dependency is down; any error if there are none. A run that asks for a retry
        or exceeds its soft limit says so too. Every other end shows that the dependency answers.
        """
        call: Call = _call_directly
        if url := self._url():
            try:
                call = self._through(url, name, transient)
            except RedisError as away:
                log.warning("circuit bypassed", circuit=name, error=str(away))
        yield call

    def _through(self, url: str, name: str, transient: tuple[type[BaseException], ...]) -> Call:
        breaker = self._pybreaker(url, name, transient)
        if breaker.current_state != STATE_CLOSED:
            self._acquire_probe(url, name)

        def call(run: Call, *args: Any, **kwargs: Any) -> Any:
            try:
                return breaker.call(run, *args, **kwargs)
            except CircuitBreakerError:  # it was opened since
                raise self._open(name, self._breaker.breaker_reset) from None

        return call

    def _pybreaker(self, url: str, name: str, transient: tuple[type[BaseException], ...]) -> CircuitBreaker:
        down = (Retry, SoftTimeLimitExceeded, *(transient or (Exception,)))

        def answers(error: BaseException) -> bool:
            return isinstance(error, Exception) and not isinstance(error, down)

        return CircuitBreaker(
            fail_max=self._breaker.breaker_failures,
            reset_timeout=self._breaker.breaker_reset,
            exclude=[answers],
            listeners=[StateChangeLogger()],
            state_storage=_storage(url, name),
            name=name,
            throw_new_error_on_trip=False,
        )

    def _acquire_probe(self, url: str, name: str) -> None:
        """Return for the one run that may probe the dependency; raises CircuitOpen for all others."""
        reset = self._breaker.breaker_reset
        opened = _storage(url, name).opened_at
        left = reset - (datetime.now(UTC) - opened).total_seconds() if opened else 0
        if left > 0:
            raise self._open(name, left)
        if not _client(url).set(f"{_prefix(name)}:try", 1, nx=True, px=round(reset * 1000)):
            raise self._open(name, reset)
        log.info("circuit probed", circuit=name)

    def _open(self, name: str, seconds: float) -> CircuitOpen:
        return CircuitOpen(
            f"expected the circuit {name} to be closed, got: open; try again in {seconds:.0f} s",
            seconds + random.uniform(0, SPREAD * self._breaker.breaker_reset),
        )

    def _url(self) -> str | None:
        """A Redis that all workers share. None for a broker in memory: there is no other worker then."""
        for url in (self._settings.idempotency_url, self._settings.broker_url):
            if url.startswith(("redis://", "rediss://", "unix://")):
                return url.partition(";")[0]
        if self._settings.broker_url.startswith("memory://"):
            return None
        raise ConfigurationError(
            f"expected a redis:// URL in {PREFIX}IDEMPOTENCY_URL or {PREFIX}BROKER_URL for the circuit breakers of "
            "tasks, got: none; set one, or take breaker out of the tasks"
        )


def _call_directly(run: Call, *args: Any, **kwargs: Any) -> Any:
    return run(*args, **kwargs)


@cache
def _storage(url: str, name: str) -> CircuitRedisStorage:
    return CircuitRedisStorage(STATE_CLOSED, _client(url), namespace=_prefix(name))


@cache
def _client(url: str) -> Redis:
    # Threads may be many: the pool's own limit would refuse the last of them.
    return Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3, max_connections=10_000)


def _prefix(name: str) -> str:
    return f"{server_name()}:breaker:{name}"
