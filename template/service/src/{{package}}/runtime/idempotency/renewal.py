"""Renews the leases that this process holds, from one daemon thread that starts with the first of them.

Leases are short so that a crash costs seconds, and a run may be long: the thread bridges the two, and dies with its
process.
"""

import logging
import math
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Literal, Protocol

from ..errors import StoreUnavailable
from .claim import Claim

__all__ = ["LeaseRenewal", "Outcome", "Renewable", "renewal"]

Outcome = Literal["renewed", "lost", "failed"]
"""Of one try to renew a lease: lost, if another delivery has it now; failed, if the store did not answer."""

log = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 3
"""Two renewals may fail before a lease is lost."""


class Renewable(Protocol):
    """The part of a store that is used here."""

    def renew(self, claim: Claim) -> bool:
        """Extend the lease by its length from now; False where it is no longer this claim's."""


@dataclass(slots=True)
class _Held:
    store: Renewable
    claim: weakref.ref[Claim]
    every: float
    due: float


class LeaseRenewal:
    """The leases of one process by token.

    Entries hold their claims weakly: a soft time limit may strike between any two instructions, the removal of an entry
    included, and a lease that nobody works under must run out.
    """

    def __init__(self) -> None:
        self.listeners: list[Callable[[Outcome], None]] = []
        """Called after each try to renew a lease, in the thread; they must not raise."""
        self._reset()
        if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Begin empty: a forked child inherits neither the thread nor the leases of its parent."""
        self._held: dict[str, _Held] = {}
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        # Not an Event: a soft time limit that strikes inside `Event.set` leaves its lock taken for ever.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._next = math.inf

    def add(self, store: Renewable, claim: Claim) -> None:
        """Keep the claim's lease alive until `remove`."""
        every = claim.lease / RENEWALS_PER_LEASE
        due = time.monotonic() + every
        self._held[claim.token] = _Held(store, weakref.ref(claim), every, due)
        if self._thread is None or not self._thread.is_alive():
            self._start()
        # Equal leases fall due in the order of their adding, so that a stream of short tasks never wakes the thread.
        if due < self._next:
            self._wake.put(None)

    def remove(self, claim: Claim) -> None:
        """Leave the claim's lease to itself."""
        self._held.pop(claim.token, None)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():  # a signal may have struck its start
                self._thread = threading.Thread(target=self._run, name="lease-renewal", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._next = math.inf  # whoever adds from here on puts into `_wake`
            self._next = self._renew_due()
            with suppress(Empty):
                self._wake.get(timeout=None if self._next == math.inf else max(0.0, self._next - time.monotonic()))

    def _renew_due(self) -> float:
        """Renew what is due and return when the next one will be."""
        for token, held in list(self._held.items()):
            if held.due <= time.monotonic():
                held.due = time.monotonic() + held.every
                self._renew(token, held)
        return min((held.due for held in list(self._held.values())), default=math.inf)

    def _renew(self, token: str, held: _Held) -> None:
        claim = held.claim()
        if claim is None:
            self._held.pop(token, None)
            return
        outcome: Outcome = "failed"
        try:
            outcome = "renewed" if held.store.renew(claim) else "lost"
        except StoreUnavailable as error:
            log.warning("a lease could not be renewed, the next try is near: %s", error)
        except Exception:  # the thread serves every other lease, too
            log.exception("the lease of %s could not be renewed, the next try is near", claim.key)
        if outcome == "lost":
            if token not in self._held:
                return  # its work has ended meanwhile
            del self._held[token]
            log.warning("the lease of %s was gone when this process came to renew it", claim.key)
        for listener in self.listeners:
            listener(outcome)


renewal = LeaseRenewal()
