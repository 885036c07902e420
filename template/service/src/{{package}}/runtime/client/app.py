"""The Celery application of a client. It is never the current one: whoever publishes may have one of their own."""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.backends.base import DisabledBackend
from celery.canvas import Signature
from celery.utils import uuid
from kombu import Exchange, Queue
from kombu.pools import get_limit

from ..errors import PayloadError
from ..payload import check_delay, check_payload
from ..sending import PUBLISHED, BatchPublisher, Publisher, lengthened
from ..settings import NAME
from .contract import Contract, TaskContract
from .settings import ClientSettings

__all__ = ["ClientApp", "Transport"]

LONGEST_ID = 255
"""Characters."""

OWN_NAMES = ("x-dead-letter-exchange", "x-dead-letter-routing-key")
"""Arguments of a queue that are names of the service, which a namespace begins."""

LIMIT = "x-delivery-limit"
"""The argument of a queue that the environment of its workers sets."""


@dataclass(frozen=True)
class Transport:
    """What differs between brokers.

    schemes: of the URLs that lead to it. errors, batch, amqp_class, shortest_delay: see the runtime's `Broker`.
    options: kombu's transport options, from the seconds that one attempt may take. settings: more of Celery's.
    """

    schemes: tuple[str, ...]
    errors: tuple[type[BaseException], ...]
    batch: Callable[[Any, Callable[[str, str], None]], AbstractContextManager[BatchPublisher]]
    options: Callable[[float], dict[str, Any]]
    settings: Mapping[str, Any]
    amqp_class: type[AMQP] = AMQP
    shortest_delay: float = 0.0


class ClientApp(Celery):
    """Publishes the tasks of a contract, and nothing else."""

    def __init__(self, contract: Contract, settings: ClientSettings, transport: Transport) -> None:
        """Nothing is connected. What the environment and Django tell Celery concerns other applications."""
        super().__init__(f"{NAME}_client", amqp=transport.amqp_class, set_as_current=False, fixups=[])
        self.contract, self.settings, self.transport = contract, settings, transport
        self.publisher = Publisher(self, transport.errors, settings.publish_timeout, settings.attempt_timeout)
        self.conf.update(
            {
                "task_serializer": "json",
                "task_queues": [_queue(channel, settings) for channel in contract.channels.values()],
                "task_create_missing_queues": False,
                "task_publish_retry": False,
                "broker_pool_acquire_timeout": settings.attempt_timeout,
                "broker_connection_timeout": settings.attempt_timeout,
                "broker_pool_limit": get_limit(),  # kombu has one for all applications of a process
                "broker_transport_options": transport.options(settings.attempt_timeout),
                "timezone": "UTC",
                **transport.settings,
            }
        )

    @property
    def tasks(self) -> Any:
        """None: the shared tasks of other applications are not the service's."""
        return {}

    def connection_for_write(self, url: Any = None, *args: Any, **options: Any) -> Any:
        """Celery's own, to the broker of the service: CELERY_BROKER_URL may name another application's."""
        return super().connection_for_write(url or self.settings.broker_url, *args, **options)

    def message(self, key: str, values: Mapping[str, Any], rest: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of the task that the contract has under `key`, as plain JSON. Raises PayloadError."""
        task = self.contract.tasks[key]
        check_payload(task.own_name, rest, values, self.settings.payload_limit)
        return task.message(values, rest)

    def check(self, signature: Signature) -> None:
        """Check a signature, and put its arguments into the form of a message. Raises PayloadError."""
        name = str(signature.task)
        check_payload(name, signature.args, signature.kwargs, self.settings.payload_limit)
        signature["args"], signature["kwargs"] = self._task(name).checked(signature.args, signature.kwargs)
        self._check_options(name, signature.options)

    def send_task(  # type: ignore[override]  # the other options are Celery's, passed on as they are
        self,
        name: Any,
        args: Any = None,
        kwargs: Any = None,
        countdown: Any = None,
        eta: Any = None,
        task_id: Any = None,
        producer: Any = None,
        *,
        check: bool = True,
        **options: Any,
    ) -> Any:
        """Celery's own, which every publish ends in; it returns or raises PublishError within `publish_timeout`.

        check: whether the arguments are still to be checked. With a `producer`, its own time limits hold.
        """
        task, task_id = self._task(name), uuid() if task_id is None else task_id
        args, kwargs = list(args or ()), dict(kwargs or {})
        if check:
            check_payload(name, args, kwargs, self.settings.payload_limit)
            args, kwargs = task.checked(args, kwargs)
        self._check_options(name, {"countdown": countdown, "eta": eta, "task_id": task_id})
        options["headers"] = {
            "first_published": datetime.now(UTC).isoformat(),
            **(options.get("headers") or {}),
            "contract": self.contract.digest,
            PUBLISHED: time.time(),
        }
        options.setdefault("ignore_result", not task.keeps_result)
        options["queue"] = self.settings.named(self.contract.channels[task.queue]["address"])
        countdown, eta = lengthened(self, self.transport.shortest_delay, countdown, eta)
        return self.deliver(producer, name, args, kwargs, countdown=countdown, eta=eta, task_id=task_id, **options)

    def deliver(self, producer: Any, name: str, args: Any, kwargs: Any, *, task_id: str, **options: Any) -> Any:
        """Publish what is checked with `producer`, or else within the deadline."""
        publish: Any = functools.partial(super().send_task, name, args, kwargs, task_id=task_id, **options)
        if producer is not None:
            return publish(producer=producer)
        return self.publisher.publish(
            f"{name} with id {task_id}",
            lambda own: publish(producer=own, retry=False, confirm_timeout=self.settings.attempt_timeout),
        )

    def _task(self, name: str) -> TaskContract:
        if (task := self.contract.by_name.get(name)) is None:
            raise PayloadError(f"expected a task of the contract of {NAME}, got: {name}; correct the name")
        return task

    def _check_options(self, name: str, options: Mapping[str, Any]) -> None:
        check_delay(name, options, self.settings.max_delay)
        task_id = options.get("task_id", name)
        if not isinstance(task_id, str) or not 0 < len(task_id) <= LONGEST_ID or not task_id.isprintable():
            raise PayloadError(
                f"expected the id of {name} to be 1 to {LONGEST_ID} printable characters, got: {task_id!r:.100}; "
                "pass another task_id"
            )

    def _get_backend(self) -> Any:
        """Celery's own would follow CELERY_RESULT_BACKEND; a client reads no results."""
        return DisabledBackend(app=self)


def _queue(channel: Mapping[str, Any], settings: ClientSettings) -> Queue:
    """A queue exactly as workers declare it."""
    address, exchange = settings.named(channel["address"]), channel["x-exchange"]
    arguments = {
        name: settings.named(value) if name in OWN_NAMES else value
        for name, value in channel.get("x-queue-arguments", {}).items()
    }
    if LIMIT in arguments and settings.delivery_limit:
        arguments[LIMIT] = settings.delivery_limit
    return Queue(
        address,
        Exchange(settings.named(exchange["name"]), type=exchange["type"]),
        routing_key=address,
        queue_arguments=arguments or None,
    )
