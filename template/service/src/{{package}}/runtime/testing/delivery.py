"""One delivery in this process, as a worker does it, on a broker in memory."""

import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from celery.app.trace import build_tracer
from structlog.testing import capture_logs

from ..dead_letters import read
from ..service import ServiceApp
from ..settings import settings
from ..worker.request import ServiceRequest
from .stores import store_module

__all__ = ["Delivery", "InProcessService"]


@dataclass(frozen=True)
class Delivery:
    """How one delivery ended: Celery's state, and whether it was dropped as a duplicate."""

    state: str
    duplicate: bool


class InProcessService:
    """The service in this process: publishes to a broker in memory and runs what arrives, as a worker does."""

    def __init__(self, app: ServiceApp) -> None:
        self.app = app
        app.set_current()  # a test may have made another application
        with app.connection_for_write() as connection:
            for queue in app.service.queues:
                bound = app.service.broker.dead_letter_queue(queue).bind(connection.default_channel)
                bound.declare()
                bound.purge()

    def deliver(self, task: Any, *args: Any, task_id: str | None = None, **kwargs: Any) -> Delivery:
        """Publish, take the message from the broker, decode it and trace it; a retry is published, not waited for."""
        queue = task.work_queue.value.wire_name
        with self.app.connection_for_write() as connection:
            bound = self.app.amqp.queues[queue].bind(connection.default_channel)
            bound.declare()
            bound.purge()
            task.apply_async(args, kwargs, task_id=task_id or str(uuid.uuid4()))
            message = bound.get(no_ack=True)
        return self.run(task, message)

    def run(self, task: Any, message: Any) -> Delivery:
        """Decode a message that came from the broker, and trace it."""
        request = ServiceRequest(message, app=self.app, task=task, hostname="test")
        tracer = build_tracer(task.name, task, app=self.app)
        with capture_logs() as events:
            ended = tracer(request.id, request.args, request.kwargs, request.request_dict).info
        return Delivery(ended.state if ended else "SUCCESS", any(line["event"] == "duplicate" for line in events))

    def dead_letters(self) -> list[Any]:
        """The dead letters since the test began, oldest first."""
        found = []
        with self.app.connection_for_write() as connection:
            for queue in self.app.service.queues:
                bound = self.app.service.broker.dead_letter_queue(queue).bind(connection.default_channel)
                while (message := bound.get(no_ack=True)) is not None:
                    found.append(read(message, queue))
        return found

    def session(self) -> AbstractContextManager[Any]:
        """A session on the service's own tables, to arrange and to assert: `with service.session() as session`.

        Its end commits. For a service whose idempotency store is SQL.
        """
        url = settings().require("idempotency_url")
        opened: AbstractContextManager[Any] = store_module(url).session(url)
        return opened

    def missing_migrations(self) -> list[str]:
        """What the models describe and the migrations do not make, or the other way: lines of the missing migration."""
        migrations = self.app.service.migrations
        return migrations.differences(settings().require("idempotency_url")) if migrations else []

    def planted(self, error: type[BaseException]) -> BaseException:
        """An instance of `error`, whatever its constructor and its attributes require."""
        methods = {
            "__init__": lambda self: None,
            "__str__": lambda self: "planted",
            "__repr__": lambda self: "planted",
            "__getattr__": object.__getattribute__,
        }
        planted: BaseException = type("Planted", (error,), methods)()
        return planted
