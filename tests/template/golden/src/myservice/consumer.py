"""What arrives at a worker and is no task of its: kept as a dead letter, never executed.

Celery logs an unknown task name, an undecodable body or forbidden content, and drops the message: a rolling deploy
would lose work there.
"""

from collections.abc import Callable
from typing import Any

import structlog
from celery import signals
from celery.worker.consumer import Consumer

from . import broker, dead_letters
from .errors import PublishError
from .queue_class import QueueClass
from .queues import Queue

__all__ = ["ServiceConsumer"]

log = structlog.get_logger(__name__)


class ServiceConsumer(Consumer):
    """Celery's consumer (setting `worker_consumer`), which drops nothing."""

    connection_errors: tuple[type[BaseException], ...]

    def connect(self) -> Any:
        """Connect, and declare every queue, whoever works on it.

        The broker itself may have to put something into the dead letters' queues. And Celery binds RabbitMQ's delayed
        delivery to all others, which fails where one is not there yet.
        """
        connection = super().connect()
        dead = [broker.dead_queue(queue.value) for queue in Queue]
        for queue in [*self.app.amqp.queues.values(), *dead]:
            queue.bind(connection.default_channel).declare()
        return connection

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """Celery's handler, except that a message without the parts of a task does not end the worker."""
        receive = super().create_task_handler(*args, **kwargs)

        def on_task_received(message: Any) -> None:
            try:
                receive(message)
            except (AttributeError, KeyError, TypeError, ValueError) as invalid:
                if message.acknowledged:
                    raise
                self.on_invalid_task(None, message, invalid)

        return on_task_received

    def on_unknown_message(self, body: Any, message: Any) -> None:
        """Neither protocol 1 nor 2."""
        self._keep(message, "UnknownMessage: expected a task, got: something else")
        signals.task_rejected.send(sender=self, message=message, exc=None)

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        """No task of that name, yet or any more."""
        headers = message.headers or {}
        self._keep(message, f"NotRegistered: expected a task of this service, got: {headers.get('task', exc)}")
        signals.task_unknown.send(sender=self, message=message, exc=exc, name=headers.get("task"), id=headers.get("id"))

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        """Forbidden content such as pickle, or arguments that are none."""
        self._keep(message, f"{type(exc).__name__}: {exc}")
        signals.task_rejected.send(sender=self, message=message, exc=exc)

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """A body that is not what its content type says."""
        self._keep(message, f"{type(exc).__name__}: {exc}")

    def _keep(self, message: Any, reason: str) -> None:
        queue = _queue_of(message.delivery_info or {})
        try:
            dead_letters.keep_message(queue, message, reason)
        except PublishError as unkept:
            log.error("given back", queue=queue.name, reason=reason, error=str(unkept))
            message.reject_log_error(log, self.connection_errors, requeue=True)
        else:
            log.error("refused", queue=queue.name, reason=reason)
            message.ack_log_error(log, self.connection_errors)


def _queue_of(delivery_info: dict[str, Any]) -> QueueClass:
    """The queue that a message came from. A delayed one has the delay before the queue's name in its routing key."""
    key = f".{delivery_info.get('routing_key')}"
    fitting = [queue.value for queue in Queue if key.endswith(f".{queue.value.wire_name}")]
    return max(fitting, key=lambda queue: len(queue.wire_name), default=next(iter(Queue)).value)
