"""Publishing that ends within seconds: the broker has the message, or the caller gets a PublishError.

`.delay()` and `.apply_async()` of every task go through this module. `publish_many` publishes many tasks without
waiting for each of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from celery import current_app
from celery.canvas import Signature
from kombu import Queue as BrokerQueue

from .sending import Publisher, Unconfirmed, identified
from .service import current_service
from .settings import settings
from .signals import before_workflow_publish

__all__ = [
    "WORKFLOW",
    "Unconfirmed",
    "publish_many",
    "publish_message",
    "publish_steps",
    "publish_with_deadline",
    "published_by",
]

KEPT_PROPERTIES = {"correlation_id": str, "reply_to": str, "priority": int}

WORKFLOW = "celery.workflow"
"""Stands for a task's name where a workflow's steps are kept: no task can have it."""

_published_by: ContextVar[Callable[[str, Signature], None] | None] = ContextVar("published_by", default=None)

T = TypeVar("T")


def publish_with_deadline(what: str, publish: Callable[[Any], T]) -> T:
    """Call `publish` with a producer; retry a stale or refused connection within the setting `publish_timeout`.

    what: names the message in the error. Raises PublishError. A message whose confirmation was lost may have arrived:
    what is published again needs the id that it had.
    """
    return _publisher().publish(what, publish)


def publish_steps(workflow_id: str, steps: Signature, headers: Mapping[str, Any] | None = None) -> None:
    """Publish the steps of a workflow that may run now, or hand them to what `published_by` has set.

    headers: of these messages, beside their own.

    Raises PublishError. What was published before it is published again by a second start with the same id, and runs
    once.
    """
    if (instead := _published_by.get()) is not None:
        instead(workflow_id, steps)
        return
    headers = dict(headers or {})
    before_workflow_publish.send(workflow_id, headers=headers)
    options: Any = {"root_id": workflow_id, **({"headers": headers} if headers else {})}
    publish_with_deadline(
        f"the workflow {workflow_id}", lambda producer: steps.apply_async(producer=producer, **options)
    )


@contextmanager
def published_by(instead: Callable[[str, Signature], None]) -> Iterator[None]:
    """Hand the steps of the workflows that start in this block, each with the workflow's id, to `instead`."""
    token = _published_by.set(instead)
    try:
        yield
    finally:
        _published_by.reset(token)


def _publisher() -> Publisher:
    values = settings()
    app: Any = current_app
    return Publisher(app, current_service().broker.errors, values.publish_timeout, values.attempt_timeout)


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
    return _publisher().publish_all(signatures, broker.batch)


def _signature(task: Signature | tuple[Any, Mapping[str, Any]]) -> tuple[str, Signature]:
    copy: Signature = task[0].signature(kwargs=dict(task[1])) if isinstance(task, tuple) else task.clone()
    return identified(copy)
