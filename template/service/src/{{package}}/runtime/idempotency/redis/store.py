"""The keys in Redis.

The server has to keep what it has acknowledged: `appendonly yes`, and `maxmemory-policy noeviction`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar

from kombu.utils.json import loads
from kombu.utils.url import sanitize_url
from redis import Redis
from redis import exceptions as redis_errors
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from ...diagnostics import Finding
from ...errors import StoreUnavailable
from ...queues import QueueClass
from ...settings import server_name
from ...urls import REDIS_STORE
from ..claim import Attempt, Claim, Mode, Record, State, kept_as
from ..store import Store
from .scripts import ACQUIRE, COMPLETE, RELEASE, RENEW, SUSPEND

__all__ = ["RedisStore"]

TRANSIENT = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.ReadOnlyError,
    redis_errors.OutOfMemoryError,
)
"""The server is away, is being replaced, or is full."""

RETRY_AFTER = 5.0
"""Seconds until a run that found no store is attempted again."""

CONNECTIONS = 10_000
"""As good as no limit: there are as many as a worker runs tasks. `?max_connections=` in the URL sets one."""


class RedisStore(Store):
    """Keys as hashes, each change one script."""

    schemes: ClassVar[tuple[str, ...]] = REDIS_STORE
    modes: ClassVar[tuple[Mode, ...]] = ("lease", "at-most-once", "natural")

    @classmethod
    @cache
    def open(cls, url: str) -> "RedisStore":
        """The store at a redis://, rediss:// or unix:// URL."""
        return cls(url)

    def __init__(self, url: str, *, prefix: str = "", timeout: float = 3.0, retries: int = 2) -> None:
        """prefix: begins every key, by default as the service is called. timeout: seconds, also to connect."""
        self._url = url
        # redis-py notices a fork, and opens new connections there. Its retries may send a script twice: see `scripts`.
        self._client = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            max_connections=CONNECTIONS,
            retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), retries),
        )
        self._where = sanitize_url(url)
        self._prefix = prefix or f"{server_name()}:key:"
        self._runs = f"{server_name()}:runs:"
        self._acquire = self._script(ACQUIRE)
        self._complete = self._script(COMPLETE)
        self._suspend = self._script(SUSPEND)
        self._release = self._script(RELEASE)
        self._renew = self._script(RENEW)

    def within(self, seconds: float) -> Store:
        """See Store."""
        return _impatient(self._url, seconds)

    def acquire(self, claim: Claim, state: State, seconds: float) -> Attempt | None:
        """See Store."""
        answer, *rest = self._acquire(claim, claim.token, claim.owner, claim.fingerprint, state, _milliseconds(seconds))
        if answer == "taken":
            return None
        if answer == "done":
            return Attempt(claim.key, done=True, result=loads(rest[0]) if rest and rest[0] else None)
        if answer == "conflict":
            raise claim.conflict(*rest)
        raise claim.busy(rest[0] / 1000, rest[1])

    def complete(self, claim: Claim, result: str | None) -> None:
        """See Store."""
        kept = () if result is None else (result,)
        if not self._complete(
            claim, claim.token, claim.owner, claim.fingerprint, _milliseconds(claim.retention), *kept
        ):
            raise claim.lost()

    def suspend(self, claim: Claim) -> None:
        """See Store."""
        self._suspend(claim, claim.token, _milliseconds(claim.lease))

    def release(self, claim: Claim) -> None:
        """See Store."""
        self._release(claim, claim.token)

    def renew(self, claim: Claim) -> bool:
        """See Store."""
        return bool(self._renew(claim, claim.token, _milliseconds(claim.lease)))

    def look(self, key: str) -> Record | None:
        """See Store."""
        with self._translating_errors():
            found: Any = self._client.hmget(self._prefix + kept_as(key), "state", "owner", "result")
        state, owner, result = found
        return Record(state, owner, loads(result) if result else None) if state else None

    def count_run(self, delivery: str, change: int, seconds: float) -> None:
        """See Store."""
        with self._translating_errors(), self._client.pipeline() as pipe:
            pipe.incrby(self._runs + delivery, change)
            pipe.pexpire(self._runs + delivery, _milliseconds(seconds))
            pipe.execute()

    def runs(self, delivery: str) -> int:
        """See Store."""
        with self._translating_errors():
            found: Any = self._client.get(self._runs + delivery)
        return int(found or 0)

    def ping(self) -> None:
        """See Store."""
        with self._translating_errors():
            self._client.ping()

    def diagnose(self, queues: Sequence[QueueClass]) -> Iterator[Finding]:
        """See Store."""
        from ...diagnostics.redis import diagnose  # what `doctor` alone asks

        with self._translating_errors():
            yield from diagnose(self._client, "store", "keys")

    def close(self) -> None:
        """See Store."""
        self._client.close()

    def _script(self, source: str) -> Callable[..., Any]:
        script = self._client.register_script(source)

        def run(claim: Claim, *arguments: str | int) -> Any:
            with self._translating_errors():
                return script([self._prefix + claim.key], arguments)

        return run

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except TRANSIENT as error:
            raise StoreUnavailable(
                f"expected the idempotency store at {self._where} to answer, got: {type(error).__name__}: {error}; "
                "start the server, or correct the URL",
                RETRY_AFTER,
            ) from error
        except redis_errors.RedisError:
            raise
        except BaseException:
            # A signal may have struck between a request and its answer, which the next request would take for its own.
            self._client.connection_pool.disconnect(inuse_connections=False)
            raise


@cache
def _impatient(url: str, seconds: float) -> RedisStore:
    return RedisStore(url, timeout=seconds, retries=0)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
