"""What a test publishes, noted instead of sent, as Oban.Testing's `assert_enqueued` looks it up.

def test_an_order_sends_its_receipt(published):
    place_order(7)
    assert published(send_receipt) == [{"order_id": 7}]
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from celery.backends.cache import CacheBackend
from kombu import Connection

from ..cli.send import find
from ..service import ServiceApp
from ..settings import PREFIX, settings
from .app import load_app
from .stores import store_module

__all__ = ["Published", "PublishedTask", "published"]


@dataclass(frozen=True)
class PublishedTask:
    """One task that was published."""

    task: str
    """The full name that its code gives it."""
    arguments: dict[str, Any]
    """Those that were given, by the names that the task has for them, however they were passed."""
    queue: str
    """The queue's name, as in the queue table."""
    eta: datetime | None
    """When it is to run, for a `countdown` or an `eta`; with a time zone."""
    id: str
    headers: dict[str, Any] = field(repr=False)
    """Those of `apply_async`, and the runtime's."""


class Published(list[PublishedTask]):
    """All that was published in the test, in its order. Of chains and workflows: what may run at once."""

    def __call__(self, task: Any) -> list[dict[str, Any]]:
        """The arguments of each publishing of a task: `assert published(send_receipt) == [{"order_id": 7}]`."""
        return [each.arguments for each in self.of(task)]

    def of(self, task: Any) -> list[PublishedTask]:
        """Each publishing of a task, or of the one of that name, short or in full. Raises PayloadError for no task."""
        name = (find(load_app(), task) if isinstance(task, str) else task).own_name
        return [each for each in self if each.task == name]


@pytest.fixture
def published() -> Iterator[Published]:
    """What the test has published; nothing leaves the process, and no broker is needed.

    All checks of arguments and options are made. What is put into the outbox counts as published at once, whatever
    becomes of its transaction, and no row is written. Not for a test that uses the fixture `service`, which delivers.
    """
    found, app = Published(), load_app()
    with pytest.MonkeyPatch.context() as patch:
        if not settings().broker_url:
            patch.setenv(f"{PREFIX}BROKER_URL", "memory://")
            settings.cache_clear()
        app.set_current()
        patch.setattr(app, "connection_for_write", lambda *args, **options: Connection("memory://"))
        patch.setattr(app, "_pool", None)
        patch.setattr(app.amqp, "_producer_pool", None)
        patch.setattr(app.amqp, "send_task_message", _noting(app, found))
        patch.setattr(app.service.broker, "batch", _batch)
        if app.conf.result_backend:  # a chord notes there how many parts it has
            patch.setattr(app, "_backend_cache", CacheBackend(app=app, url="memory://"))
        store_module(app.service.store.schemes[0]).publish_outbox_at_once(patch, app)
        yield found
    settings.cache_clear()


def _noting(app: ServiceApp, found: Published) -> Callable[..., None]:
    """What takes the place of Celery's `send_task_message`."""

    def note(producer: Any, name: str, message: Any, queue: Any = None, headers: Any = None, **options: Any) -> None:
        sent, _, (args, kwargs, _), _ = message
        task: Any = app.tasks.get(name)
        names = {each.wire_name: each.name for each in app.service.queues}
        wire_name = getattr(queue, "name", queue) or options.get("routing_key") or app.conf.task_default_queue
        found.append(
            PublishedTask(
                task=getattr(task, "own_name", name),
                arguments=task.typed.by_name(args, kwargs) if hasattr(task, "typed") else _numbered(args, kwargs),
                queue=names.get(wire_name, wire_name),
                eta=datetime.fromisoformat(sent["eta"]) if sent["eta"] else None,
                id=sent["id"],
                headers=dict(headers or {}),
            )
        )

    return note


def _numbered(args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments of a task that this service does not have: those by position are called 1, 2..."""
    return {**{str(place): value for place, value in enumerate(args, 1)}, **kwargs}


@contextmanager
def _batch(connection: Connection, on_result: Callable[[str, str], None]) -> Iterator[Any]:
    """What takes the place of a broker's: all is confirmed."""
    yield SimpleNamespace(producer=connection.Producer(), sent=lambda task_id: on_result(task_id, ""))
