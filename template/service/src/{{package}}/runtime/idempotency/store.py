"""The store of idempotency keys, and what each mode does with it around a task's body."""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import ClassVar

from ..diagnostics import Finding
from ..errors import ServiceError, StoreUnavailable
from ..queues import QueueClass
from .claim import Attempt, Claim, Mode, Record, State, encode
from .renewal import renewal

__all__ = ["LEASE", "RETENTION", "Store", "SuspendOn"]

log = logging.getLogger(__name__)

LEASE = 30.0
"""How long a crashed run blocks its key, and a suspended one keeps others out. Renewed while the run goes on."""

RETENTION = 7 * 24 * 3600.0
"""How long the key of finished work is kept: a repeat after that is new work."""

RETRY_PAUSE = 0.25
"""Seconds between two attempts to record how a run ended, in a store that does not answer."""

SuspendOn = tuple[type[BaseException], ...]


class Store(ABC):
    """Keeps keys. One object serves all threads of a process and may be carried over a fork."""

    schemes: ClassVar[tuple[str, ...]]
    """Of the URLs that lead to it."""

    modes: ClassVar[tuple[Mode, ...]]
    """What it can promise; the first one is the default of new tasks."""

    @property
    def one_writer(self) -> bool:
        """Whether nothing can be recorded while a `transactional` run has its transaction open."""
        return False

    @classmethod
    @abstractmethod
    def open(cls, url: str) -> "Store":
        """The store at a URL, always the same one; it connects when it is used. Raises ConfigurationError."""

    def within(self, seconds: float) -> "Store":
        """The same store for a caller that cannot wait: each call takes `seconds` at most, or raises StoreUnavailable.

        SQL has no such limit: whoever asks it is in a transaction on that database anyway.
        """
        return self

    def attempt(
        self,
        mode: Mode,
        *,
        key: str,
        owner: str,
        fingerprint: str,
        given: str = "",
        lease: float = LEASE,
        retention: float = RETENTION,
        suspend_on: SuspendOn = (),
    ) -> AbstractContextManager[Attempt]:
        """Guard the block with `key`, in one of the modes "transactional", "lease", "at-most-once" and "natural".

        The block returns at once where `attempt.done`. If it ends without an exception the key is done. An exception
        in `suspend_on` (Celery's Retry) reserves the key for the same `owner` for the length of a lease; any other one
        frees it. `fingerprint` stands for the payload, `given` for the part of it that does not depend on the version
        of the task; the same key with another payload is refused, unless its owner resumes after a suspension: a retry
        may change its arguments.

        Raises Busy, KeyConflict or StoreUnavailable before the block runs, LeaseLost or StoreUnavailable after it.
        """
        if mode not in self.modes:
            raise ValueError(
                f"expected the mode to be one of {', '.join(self.modes)}, got: {mode!r}; "
                "choose one of them for the task, or another idempotency store for the service"
            )
        claim = Claim.new(key, owner, fingerprint, lease, retention, given)
        guard: Callable[[Claim, SuspendOn], AbstractContextManager[Attempt]]
        guard = getattr(self, f"_{mode.replace('-', '_')}")
        return guard(claim, suspend_on)

    # ---- the modes that every store has; "transactional" is the SQL store's ----

    @contextmanager
    def _lease(self, claim: Claim, suspend_on: SuspendOn) -> Iterator[Attempt]:
        """Claim the key, run, complete: at least once.

        Two round trips. A second delivery meanwhile is Busy; one after completion gets the result. Never lost.
        The window: a process that dies, or is frozen or cut off from the store for longer than its lease, between the
        effect and the record of its completion. The effect is then repeated, after at most `lease` seconds.
        A run that raises frees its key, so what it has done up to there is repeated by the next one.
        """
        found = self._try_acquire(claim, "held", claim.lease)
        if found:
            yield found
            return
        attempt = Attempt(claim.key)
        try:
            try:
                renewal.add(self, claim)
                yield attempt
            finally:
                renewal.remove(claim)
            result = encode(attempt.result)
        except BaseException as error:
            self._end_failed(claim, error, suspend_on)
            raise
        self._retry(lambda: self.complete(claim, result), claim.lease)

    @contextmanager
    def _at_most_once(self, claim: Claim, suspend_on: SuspendOn) -> Iterator[Attempt]:
        """Record the key as done, then run: at most once.

        One round trip, and a second one if a result is kept. A second delivery is skipped, even while the first runs.
        The window: a process that dies after the key was recorded, or a store that recorded it and whose answer was
        lost for good. Every later delivery is then skipped until `retention`, whether the effect had happened or not.
        An exception means that nothing has happened, and frees the key: catch what is raised after the effect.
        SystemExit and its like count as a crash.
        """
        found = self._try_acquire(claim, "done", claim.retention)
        if found:
            yield found
            return
        attempt = Attempt(claim.key)
        try:
            yield attempt
            result = encode(attempt.result)
        except Exception as error:
            self._end_failed(claim, error, suspend_on)
            raise
        if result is not None:
            self._retry(lambda: self.complete(claim, result), claim.lease)

    @contextmanager
    def _natural(self, claim: Claim, suspend_on: SuspendOn) -> Iterator[Attempt]:
        """Keep no key and run each delivery: for work that a repeat does not change, such as setting a value.

        No round trip. Every redelivery is a repeat, two of them may run at the same time, and no result is kept.
        """
        yield Attempt(claim.key)

    # ---- what a store implements; each call is safe to repeat with the same claim ----

    @abstractmethod
    def acquire(self, claim: Claim, state: State, seconds: float) -> Attempt | None:
        """Record the key in `state` for `seconds`, or return what an earlier run left; raises Busy or KeyConflict."""

    @abstractmethod
    def complete(self, claim: Claim, result: str | None) -> None:
        """Record the key as done, with its result as JSON; raises LeaseLost where the key is another claim's."""

    @abstractmethod
    def suspend(self, claim: Claim) -> None:
        """Reserve the key for its owner for the length of a lease; nothing where it is another claim's."""

    @abstractmethod
    def release(self, claim: Claim) -> None:
        """Forget the key; nothing where it is another claim's."""

    @abstractmethod
    def renew(self, claim: Claim) -> bool:
        """Extend the lease by its length from now; False where the key is not held by this claim."""

    @abstractmethod
    def look(self, key: str) -> Record | None:
        """What is kept of a key now; None for nothing, also once its time has run out. Changes and locks nothing.

        A key that was held is not missed by being done meanwhile. Raises StoreUnavailable.
        """

    def in_outbox(self, task_id: str) -> bool:
        """Whether the task of this id waits in the outbox, where there is one."""
        return False

    @abstractmethod
    def count_run(self, delivery: str, change: int, seconds: float) -> None:
        """Add `change` to the runs that are counted under `delivery`; the count is forgotten after `seconds`."""

    @abstractmethod
    def runs(self, delivery: str) -> int:
        """How many runs are counted."""

    def lacking(self) -> list[str]:
        """The steps by which the store's tables are yet to be migrated; none where it has no tables."""
        return []

    @abstractmethod
    def ping(self) -> None:
        """Raise StoreUnavailable unless the store answers and is ready for use."""

    def diagnose(self, queues: Sequence[QueueClass]) -> Iterator[Finding]:
        """Ask the server for what the service relies on; raises StoreUnavailable."""
        yield from ()

    @abstractmethod
    def close(self) -> None:
        """Close the connections of this process; the next use opens new ones."""

    # ---- shared ----

    def _try_acquire(self, claim: Claim, state: State, seconds: float) -> Attempt | None:
        try:
            return self.acquire(claim, state, seconds)
        except ServiceError:
            raise
        except BaseException:
            # A soft time limit may be raised after the store has made the change, before its answer is read.
            with suppress(StoreUnavailable):
                self.release(claim)
            raise

    def _end_failed(self, claim: Claim, error: BaseException, suspend_on: SuspendOn) -> None:
        end = self.suspend if isinstance(error, suspend_on) else self.release
        timeout = claim.lease if isinstance(error, Exception) else 0
        try:
            self._retry(lambda: end(claim), timeout)
        except StoreUnavailable as unavailable:
            log.error("the end of a failed run could not be recorded, its key stays until it expires: %s", unavailable)

    def _retry(self, record: Callable[[], None], timeout: float) -> None:
        """Retry for `timeout` seconds: a store that restarts must not make a finished effect a repeated one."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                return record()
            except StoreUnavailable:
                if time.monotonic() + RETRY_PAUSE > deadline:
                    raise
            time.sleep(RETRY_PAUSE)
