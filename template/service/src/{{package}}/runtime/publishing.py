"""Publishing that ends within seconds: the broker has the message, or the caller gets a PublishError.

`.delay()` and `.apply_async()` of every task go through this module. `publish_many` publishes many tasks without
waiting for each of them.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from celery import current_app
from celery.canvas import Signature
from celery.utils import uuid
from kombu import Queue as BrokerQueue

from .errors import PayloadError, PublishError
from .service import current_service
from .settings import settings

__all__ = [
    "WORKFLOW",
    "Unconfirmed",
    "publish_many",
    "publish_message",
    "publish_steps",
    "publish_with_deadline",
    "published_by",
]

log = logging.getLogger(__name__)

RETRY_PAUSE = 0.1
"""Seconds between the first two attempts; doubled after each."""

KEPT_PROPERTIES = {"correlation_id": str, "reply_to": str, "priority": int}

WORKFLOW = "celery.workflow"
"""Stands for a task's name where a workflow's steps are kept: no task can have it."""

_published_by: ContextVar[Callable[[str, Signature], None] | None] = ContextVar("published_by", default=None)

T = TypeVar("T")


@dataclass(frozen=True)
class Unconfirmed:
    """A task that the broker may not have. Publish `signature` again: it has the same id, and so has one effect."""

    id: str
    task: str
    reason: str
    signature: Signature


def publish_with_deadline(what: str, publish: Callable[[Any], T]) -> T:
    """Call `publish` with a producer; retry a stale or refused connection within the setting `publish_timeout`.

    what: names the message in the error. Raises PublishError. A message whose confirmation was lost may have arrived:
    what is published again needs the id that it had.
    """
    broker_errors, attempt_timeout = current_service().broker.errors, settings().attempt_timeout
    deadline, pause = time.monotonic() + settings().publish_timeout, RETRY_PAUSE
    while True:
        try:
            return _publish_once(publish, attempt_timeout, broker_errors)
        except broker_errors as error:
            if time.monotonic() + pause + attempt_timeout > deadline:
                raise PublishError(
                    f"expected the broker to take {what}, got: {type(error).__name__}: {str(error) or 'no answer'}; "
                    "see whether it runs and answers, then publish again with the same id"
                ) from error
        time.sleep(pause)
        pause *= 2


def publish_steps(workflow_id: str, steps: Signature) -> None:
    """Publish the steps of a workflow that may run now, or hand them to what `published_by` has set.

    Raises PublishError. What was published before it is published again by a second start with the same id, and runs
    once.
    """
    if (instead := _published_by.get()) is not None:
        instead(workflow_id, steps)
        return
    publish_with_deadline(
        f"the workflow {workflow_id}", lambda producer: steps.apply_async(root_id=workflow_id, producer=producer)
    )


@contextmanager
def published_by(instead: Callable[[str, Signature], None]) -> Iterator[None]:
    """Hand the steps of the workflows that start in this block, each with the workflow's id, to `instead`."""
    token = _published_by.set(instead)
    try:
        yield
    finally:
        _published_by.reset(token)


def _publish_once(publish: Callable[[Any], T], timeout: float, broker_errors: tuple[type[BaseException], ...]) -> T:
    producers: Any = current_app.producer_pool
    with producers.acquire(block=True, timeout=timeout) as producer:
        try:
            return publish(producer)
        except broker_errors:
            # Dropped, since close() would block on a final round trip. And not used again, since a confirmation that is
            # late would be taken for the next message's.
            producer.connection.collect()
            raise


def publish_message(
    queue: BrokerQueue,
    body: str | bytes | None,
    headers: Mapping[str, Any],
    *,
    content_type: str | None,
    content_encoding: str | None,
    properties: Mapping[str, Any],
) -> None:
    """Publish a message that is encoded already to one queue, and return once the broker has it.

    Properties of a wrong type are left out.
    """
    encoded = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body or b""

    def publish(producer: Any) -> None:
        producer.publish(
            encoded,
            exchange=queue.exchange,
            routing_key=queue.routing_key,
            declare=[queue],
            headers=dict(headers),
            content_type=content_type or "application/data",
            content_encoding=content_encoding or "binary",
            delivery_mode=2,
            confirm_timeout=settings().attempt_timeout,
            **{
                name: properties[name]
                for name, kind in KEPT_PROPERTIES.items()
                if isinstance(properties.get(name), kind)
            },
        )

    publish_with_deadline(f"a message for {queue.name}", publish)


def publish_many(tasks: Iterable[Signature | tuple[Any, Mapping[str, Any]]]) -> list[Unconfirmed]:
    """Publish tasks, each a signature or a pair of task and keyword arguments; return those that were not confirmed.

    The broker's confirmations are awaited for many messages at once, each with the guarantee of `.delay()`. Once the
    connection is lost, or nothing is confirmed for `attempt_timeout` seconds, nothing more is sent.
    Raises PayloadError before anything is sent.
    """
    broker = current_service().broker
    signatures = dict(_signature(task) for task in tasks)
    for signature in signatures.values():
        checked: Any = signature.type.checked
        signature["args"], signature["kwargs"] = checked(signature.args, signature.kwargs, signature.options)
    reasons = dict.fromkeys(signatures, "it was not sent")

    def on_result(task_id: str, problem: str) -> None:
        if problem:
            reasons[task_id] = problem
        else:
            del reasons[task_id]

    try:
        with current_app.connection_for_write() as connection, broker.batch(connection, on_result) as batch:
            for task_id, signature in signatures.items():
                reasons[task_id] = "it was not confirmed"
                signature.apply_async(producer=batch.producer, retry=False, check=False)
                batch.sent(task_id)
    except broker.errors as error:
        log.error("Publishing broke off, %d tasks are not confirmed: %r", len(reasons), error)
    return [
        Unconfirmed(task_id, str(signatures[task_id].task), reason, signatures[task_id])
        for task_id, reason in reasons.items()
    ]


def _signature(task: Signature | tuple[Any, Mapping[str, Any]]) -> tuple[str, Signature]:
    """A copy with an id, so that to publish it again is no new work."""
    copy: Signature = task[0].signature(kwargs=dict(task[1])) if isinstance(task, tuple) else task.clone()
    if copy.subtask_type:
        raise PayloadError(
            f"expected the signature of one task, got: a {copy.subtask_type}; publish a task that starts it"
        )
    task_id = copy.id or uuid()
    return task_id, copy.set(task_id=task_id)
