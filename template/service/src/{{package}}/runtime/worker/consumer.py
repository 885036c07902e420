"""What arrives at a worker and is no task of its own becomes a dead letter, and is never executed.

Celery logs an unknown task name, an undecodable body or forbidden content, and drops the message: a rolling deploy
would lose work there.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

import structlog
from celery import signals
from celery.worker.consumer import Consumer
from kombu.exceptions import ContentDisallowed

from .. import dead_letters, log_context
from ..brokers import UNDECODABLE
from ..dead_letters.message import JSON
from ..delivery_limit import SETTLE, redeliveries, reset_innocent
from ..errors import PublishError
from ..queues import QueueClass, queue_of
from ..service import Service, compared_contracts, service_of

__all__ = ["ServiceConsumer"]

log = structlog.get_logger(__name__)

LONGEST_REASON = 1000
"""Characters."""


class ServiceConsumer(Consumer):
    """Celery's consumer (setting `worker_consumer`), which drops nothing."""

    connection_errors: tuple[type[BaseException], ...]
    hub: Any  # missing in the stubs

    received = 0
    """Messages that have come, whatever became of them."""
    received_at = 0.0
    """When the last one came, in seconds since 1970; 0 before the first."""

    @property
    def _service(self) -> Service:
        return service_of(self.app)

    def connect(self) -> Any:
        """Connect, and declare every queue, whoever works on it.

        The broker itself may have to dead-letter a message. And Celery binds RabbitMQ's delayed
        delivery to all others, which fails where one is not there yet.
        """
        connection = super().connect()
        dead = [self._service.broker.dead_letter_queue(queue) for queue in self._service.queues]
        for queue in [*self.app.amqp.queues.values(), *dead]:
            queue.bind(connection.default_channel).declare()
        return connection

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """Celery's handler, except that no message ends the worker: whatever it raises is a dead letter's reason."""
        receive = super().create_task_handler(*args, **kwargs)

        def handle(message: Any) -> None:
            token = log_context.handled.set(message.headers if isinstance(message.headers, dict) else {})
            try:
                handle_logged(message)
            finally:
                log_context.handled.reset(token)

        def handle_logged(message: Any) -> None:
            if UNDECODABLE in message.headers:
                self._leave_to_broker(message, message.headers[UNDECODABLE])
                return
            try:
                # Celery decodes other types, too, as text: with any codec, such as one that unpacks without a bound.
                if message.content_type == JSON:
                    receive(message)
                elif "task" in message.headers:
                    raise ContentDisallowed(f"expected content of type {JSON}, got: {message.content_type!s:.100}")
                else:
                    self.on_unknown_message(None, message)
            except Exception as error:
                # kombu's connection errors of Redis hold KeyError: here that is a header which the message lacks.
                if isinstance(error, self.connection_errors) and not isinstance(error, KeyError):
                    raise
                self.on_invalid_task(None, message, error)

        def on_task_received(message: Any) -> None:
            self.received += 1
            self.received_at = time.time()
            if not isinstance(message.headers, dict) or not redeliveries(message.headers):
                handle(message)
            elif self._reset_innocent(message):
                message.ack_log_error(log, self.connection_errors)
            else:
                later: Callable[[Any, Any], Any] = handle_if_held
                if not self.hub:  # then the timer is a thread of its own; with a hub, call_soon waits for its next poll
                    later = functools.partial(self.call_soon, handle_if_held)
                self.timer.call_after(SETTLE, later, (message, self.connection))

        def handle_if_held(message: Any, connection: Any) -> None:
            if self.connection is connection:  # another one has got the message again
                handle(message)

        return on_task_received

    def _reset_innocent(self, message: Any) -> bool:
        queue = self._queue_of(message)
        return reset_innocent(self._service, queue, self.app.amqp.queues[queue.wire_name], message)

    def _queue_of(self, message: Any) -> QueueClass:
        """The queue that it came from; the first one, if it does not say."""
        queues = self._service.queues
        return queue_of(queues, (message.delivery_info or {}).get("routing_key")) or queues[0]

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """Neither protocol 1 nor 2."""
        self._dead_letter(message, "UnknownMessage: expected a task, got: something else")
        signals.task_rejected.send(sender=self, message=message, exc=None)

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """No task of that name, yet or any more."""
        headers = message.headers or {}
        unknown = f"NotRegistered: expected a task of this service, got: {headers.get('task', exc)}"
        self._dead_letter(message, unknown, compared_contracts(self.app, headers))
        signals.task_unknown.send(sender=self, message=message, exc=exc, name=headers.get("task"), id=headers.get("id"))

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Forbidden content such as pickle, or arguments that are none."""
        self._dead_letter(message, f"{type(exc).__name__}: {exc}")
        signals.task_rejected.send(sender=self, message=message, exc=exc)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """A body that is not what its content type says."""
        self._dead_letter(message, f"{type(exc).__name__}: {exc}")

    def _dead_letter(self, message: Any, reason: str, contracts: str = "") -> None:
        queue = self._queue_of(message)
        reason = reason[:LONGEST_REASON] + contracts
        try:
            dead_letters.store_message(queue, message, reason)
        except PublishError as unstored:
            log.error("requeued", queue=queue.name, reason=reason, error=str(unstored))
            message.reject_log_error(log, self.connection_errors, requeue=True)
        except Exception as error:
            self._leave_to_broker(message, f"{reason}, and {type(error).__name__} while its dead letter was encoded")
        else:
            log.error("dead-lettered", queue=queue.name, reason=reason)
            message.ack_log_error(log, self.connection_errors)

    def _leave_to_broker(self, message: Any, reason: str) -> None:
        """Reject what cannot be encoded again: the broker keeps it, as it came, with the dead letters of its queue."""
        log.error("rejected", queue=self._queue_of(message).name, reason=reason)
        message.reject_log_error(log, self.connection_errors, requeue=False)
