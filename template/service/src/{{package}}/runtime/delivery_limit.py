"""The delivery limit is for a message whose runs end their worker, and not for what that worker held besides.

A broker counts a redelivery for each message of a dead worker, also if its run had not begun, or had ended without the
broker knowing yet. So runs of a redelivered message that begin and do not end are counted in the idempotency store.
A message that comes near the limit with fewer of them than redeliveries is published again, and its deliveries are
counted from none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.exceptions import Reject

from .brokers import DELIVERY_COUNT
from .dead_letters.message import RESETS, headers_of, without_history
from .errors import ServiceError
from .log_context import Log
from .publishing import publish_message
from .queues import QueueClass
from .service import Service
from .settings import settings

__all__ = ["SETTLE", "counting", "redeliveries", "reset_innocent"]

log = Log(__name__)

SETTLE = 0.25
"""The least seconds that a redelivered message waits: it may end the worker, so those beside it are looked at first."""

MOST_RESETS = 3
"""What ends each worker before its run begins becomes a dead letter, too, though later."""


def redeliveries(headers: Any) -> int:
    """How often the broker has counted that the message came back."""
    count = headers.get(DELIVERY_COUNT)
    return count if type(count) is int else 0


@contextmanager
def counting(service: Service, request: Any) -> Iterator[None]:
    """Count the run of a redelivered message, the block, until it ends; without the store it runs uncounted."""
    counted = redeliveries(request) and _count(service, request, 1)
    try:
        yield
    except (Reject, MemoryError):
        counted = False  # the message comes back: it stays counted
        raise
    finally:
        if counted:
            _count(service, request, -1)


def reset_innocent(service: Service, queue: QueueClass, target: Any, message: Any) -> bool:
    """Publish the message again if it is near the limit, and not by runs of its own; True if that was done.

    target: its queue, as kombu knows it. A limit of 1 is reached by the first redelivery, begun or not.
    """
    headers = message.headers
    count, resets = redeliveries(headers), headers.get(RESETS) or 0
    if count < max(2, settings().delivery_limit - 1) or type(resets) is not int or resets >= MOST_RESETS:
        return False
    try:
        runs = service.open_store().runs(_delivery(headers))
        if runs >= count - 1:  # the first delivery is not counted, and this one has not begun
            return False
        publish_message(
            target,
            message.body,
            {**without_history(headers_of(message)), RESETS: resets + 1},
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            properties=message.properties,
        )
    except Exception as error:  # such as for an id that the store cannot encode: the message is handled, and checked
        log.warning("deliveries not reset", queue=queue.name, error=str(error))
        return False
    log.info("deliveries reset", queue=queue.name, id=headers.get("id"), deliveries=count, runs=runs)
    return True


def _count(service: Service, request: Any, change: int) -> bool:
    try:
        service.open_store().count_run(_delivery(request), change, settings().retention)
    except ServiceError as error:
        log.warning("run not counted", id=request.id, error=str(error))
        return False
    return True


def _delivery(headers: Any) -> str:
    """What the runs of one message are counted under: a retry and a reset are messages of their own."""
    return f"{headers.get('id')!s:.200}:{headers.get('retries') or 0}:{headers.get(RESETS) or 0}"
