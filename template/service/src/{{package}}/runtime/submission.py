"""Publishes a task for a client that chose its id, such as by the header Idempotency-Key: once, however often it asks.

What was submitted under an id is recorded beside the keys, with the key of the task: so the same id again is known, and
with other arguments refused, and the id alone is enough to tell the task's state. Until the broker has confirmed the
message the record is as if suspended: the same call publishes it again, under the same id.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

from celery.utils import uuid

from .errors import KeyConflict, LeaseLost
from .idempotency import Store
from .idempotency.claim import Claim, digest, encode
from .idempotency.store import LEASE
from .payload import fingerprint
from .service import service_of
from .settings import settings
from .status import request_key
from .task import ServiceTask

__all__ = ["Submission", "submit"]


@dataclass(frozen=True)
class Submission:
    """What a client asks for: a task, with arguments that it takes, under an id."""

    id: str
    task: ServiceTask
    arguments: dict[str, Any]
    key: str | None
    """The task's idempotency key; None for a task that keeps none."""
    claim: Claim

    @classmethod
    def new(cls, task: ServiceTask, arguments: Mapping[str, Any], task_id: str) -> Self:
        """With a new id where none is given. Raises PayloadError."""
        _, checked = task.as_published((), arguments)
        task_id = task_id or uuid()
        payload = fingerprint(checked)
        # Its owner is the payload: who comes with the same one may publish it again, and nobody else.
        claim = Claim.new(request_key(task.name, task_id), digest(payload), payload, LEASE, settings().retention)
        key = None if task.idempotency == "natural" else task.key_of(task_id, (), checked)
        return cls(task_id, task, checked, key, claim)

    @contextmanager
    def telling_conflicts(self) -> Iterator[None]:
        """Say of a KeyConflict what it means here."""
        try:
            yield
        except KeyConflict as conflict:
            raise KeyConflict(
                f"expected the id {self.id} to stand for one call of {self.task.name}, got: other arguments than "
                "it was submitted with; choose a new id for a new call"
            ) from conflict

    def recorded(self) -> bool:
        """Record it, unless that was done and the broker has confirmed the message: then there is nothing to publish.

        Raises KeyConflict and StoreUnavailable.
        """
        with self.telling_conflicts():
            return self._store.acquire(self.claim, "suspended", self.claim.retention) is None

    def publish(self, **options: Any) -> None:
        """Publish what was recorded, and note that the broker has it. Raises PublishError and StoreUnavailable."""
        published: Any = self.task
        published.apply_async(kwargs=self.arguments, task_id=self.id, **options)
        claim = self.claim
        while True:
            try:
                return self._store.complete(claim, encode(self.key))
            except LeaseLost:  # the same request has come again meanwhile, and has recorded it anew
                claim = replace(claim, token=uuid())
                if self._store.acquire(claim, "suspended", claim.retention) is not None:
                    return None

    @property
    def _store(self) -> Store:
        return service_of(self.task.app).open_store().within(settings().attempt_timeout)


def submit(task: ServiceTask, arguments: Mapping[str, Any], task_id: str = "", **options: Any) -> str:
    """Publish a task once under the id that its caller chose, or a new one; returns the id when the broker has it.

    The same id with the same arguments again publishes nothing. `options` are those of `apply_async`. Ends within
    `publish_timeout`, and `attempt_timeout` for each of the two records of the idempotency store. Raises PayloadError;
    KeyConflict for an id that stands for other arguments; PublishError and StoreUnavailable, after which the same call
    may be made again: it has one effect.
    """
    submission = Submission.new(task, arguments, task_id)
    if submission.recorded():
        submission.publish(**options)
    return submission.id
