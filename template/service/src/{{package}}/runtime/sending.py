"""Publishing that ends within seconds, for the Celery application that is given: a service's own, or that of a client.

The broker has the message, or the caller gets a PublishError.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from celery import Celery
from celery.canvas import Signature
from celery.utils import uuid
from celery.utils.time import subtract_datetimes  # type: ignore[attr-defined]  # not in the stubs

from .errors import PayloadError, PublishError

__all__ = ["PUBLISHED", "BatchPublisher", "Publisher", "Unconfirmed", "identified", "lengthened"]

log = logging.getLogger(__name__)

PUBLISHED = "published_at"
"""The header that says when a message was published, in seconds since 1970: a retry is a message of its own."""

RETRY_PAUSE = 0.1
"""Seconds between the first two attempts; doubled after each."""

T = TypeVar("T")


class BatchPublisher(Protocol):
    """Publishes without waiting for each message; leaving the block waits for all that are not confirmed."""

    producer: Any
    """A kombu Producer."""

    def sent(self, task_id: str) -> None:
        """Note that the last message was the one of this task."""


@dataclass(frozen=True)
class Unconfirmed:
    """A task that the broker may not have. Publish `signature` again: it has the same id, and so has one effect."""

    id: str
    task: str
    reason: str
    signature: Signature


@dataclass(frozen=True)
class Publisher:
    """The connections of an application, and how long a caller waits for them.

    errors: what publishing may raise when the broker is away, does not answer, or says no.
    publish_timeout: seconds until the caller knows. attempt_timeout: seconds that one attempt may take.
    """

    app: Celery
    errors: tuple[type[BaseException], ...]
    publish_timeout: float
    attempt_timeout: float

    def publish(self, what: str, publish: Callable[[Any], T]) -> T:
        """Call `publish` with a producer; retry a stale or refused connection within `publish_timeout`.

        what: names the message in the error. Raises PublishError. A message whose confirmation was lost may have
        arrived: what is published again needs the id that it had.
        """
        deadline, pause = time.monotonic() + self.publish_timeout, RETRY_PAUSE
        while True:
            try:
                return self._attempt(publish)
            except self.errors as error:
                if time.monotonic() + pause + self.attempt_timeout > deadline:
                    got = f"{type(error).__name__}: {str(error) or 'no answer'}"
                    raise PublishError(
                        f"expected the broker to take {what}, got: {got}; see whether it runs and answers, "
                        "then publish again with the same id"
                    ) from error
            time.sleep(pause)
            pause *= 2

    def publish_all(
        self,
        signatures: Mapping[str, Signature],
        batch: Callable[[Any, Callable[[str, str], None]], AbstractContextManager[BatchPublisher]],
    ) -> list[Unconfirmed]:
        """Publish checked signatures, each by its id, and await the broker's confirmations for many at once.

        batch: makes a publisher of a connection and of what is told a task's id, and why the broker does not have it.
        Once the connection is lost, or nothing is confirmed for `attempt_timeout` seconds, nothing more is sent.
        """
        reasons = dict.fromkeys(signatures, "it was not sent")

        def on_result(task_id: str, problem: str) -> None:
            if problem:
                reasons[task_id] = problem
            else:
                del reasons[task_id]

        try:
            with self.app.connection_for_write() as connection, batch(connection, on_result) as publisher:
                for task_id, signature in signatures.items():
                    reasons[task_id] = "it was not confirmed"
                    signature.apply_async(producer=publisher.producer, retry=False, check=False)
                    publisher.sent(task_id)
        except self.errors as error:
            log.error("Publishing broke off, %d tasks are not confirmed: %r", len(reasons), error)
        return [
            Unconfirmed(task_id, str(signatures[task_id].task), reason, signatures[task_id])
            for task_id, reason in reasons.items()
        ]

    def _attempt(self, publish: Callable[[Any], T]) -> T:
        producers: Any = self.app.producer_pool
        with producers.acquire(block=True, timeout=self.attempt_timeout) as producer:
            try:
                return publish(producer)
            except self.errors:
                # Dropped, since close() would block on a final round trip. And not used again, since a confirmation
                # that is late would be taken for the next message's.
                producer.connection.collect()
                raise


def identified(signature: Signature) -> tuple[str, Signature]:
    """The signature with an id, so that to publish it again is no new work; raises PayloadError for a workflow's."""
    if signature.subtask_type:
        raise PayloadError(
            f"expected the signature of one task, got: a {signature.subtask_type}; publish a task that starts it"
        )
    task_id = signature.id or uuid()
    return task_id, signature.set(task_id=task_id)


def lengthened(app: Celery, shortest: float, countdown: Any, eta: Any) -> tuple[Any, Any]:
    """`countdown` and `eta` with a delay, if there is one, of at least `shortest` seconds."""
    if shortest:
        if eta is not None:
            moment = datetime.fromisoformat(eta) if isinstance(eta, str) else eta
            countdown, eta = subtract_datetimes(moment, app.now()).total_seconds(), None
        if countdown and countdown > 0:
            countdown = max(shortest, countdown)
    return countdown, eta
