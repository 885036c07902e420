"""What a test publishes through a client, noted instead of sent; all that a call checks is checked.

def test_an_order_sends_its_receipt(published):
    place_order(7)
    assert published(client.send_receipt) == [{"customer_id": 7}]
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.canvas import Signature
from kombu.utils.json import loads

from ..sending import Publisher
from .app import ClientApp
from .client import BaseClient
from .task import Task

__all__ = ["Published", "PublishedTask", "published"]


@dataclass(frozen=True)
class PublishedTask:
    """One task that was published."""

    task: str
    """The full name that the service's code gives it."""
    arguments: dict[str, Any]
    """Those that were given, by their present names; further ones by position are `args`."""
    queue: str
    """The queue's name, as in the service's queue table."""
    eta: datetime | None
    """When it is to run, for a `countdown` or an `eta`; with a time zone."""
    id: str


class Published(list[PublishedTask]):
    """All that was published in the test, in its order."""

    def __call__(self, task: Task[..., Any]) -> list[dict[str, Any]]:
        """The arguments of each publishing of a task."""
        return [each.arguments for each in self.of(task)]

    def of(self, task: Task[..., Any]) -> list[PublishedTask]:
        """Each publishing of a task."""
        return [each for each in self if each.task == task.own_name]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    """What the test has published; nothing leaves the process, and no broker is needed."""
    found = Published()

    def deliver(app: ClientApp, producer: Any, name: str, args: Any, kwargs: Any, **options: Any) -> Any:
        task, (positional, named) = app.contract.by_name[name], loads(json.dumps([args, kwargs]))
        arguments = {each.name: value for each, value in zip(task.first, positional, strict=False)}
        arguments |= {task.named[wire].name if wire in task.named else wire: named[wire] for wire in named}
        if rest := tuple(positional[len(task.first) :]):
            arguments["args"] = rest
        eta = options["eta"]
        if options["countdown"] is not None:
            eta = datetime.now(UTC) + timedelta(seconds=options["countdown"])
        found.append(PublishedTask(task.own_name, arguments, task.queue, eta, options["task_id"]))
        return app.AsyncResult(options["task_id"])

    def publish_all(publisher: Publisher, signatures: Mapping[str, Signature], batch: Any) -> list[Any]:
        for signature in signatures.values():
            signature.apply_async(check=False)
        return []

    monkeypatch.setattr(BaseClient, "app", property(lambda client: client.make_app("memory://")))
    monkeypatch.setattr(ClientApp, "deliver", deliver)
    monkeypatch.setattr(Publisher, "publish_all", publish_all)
    return found
