"""A pytest fixture for whoever publishes through a client: nothing leaves the process, all is checked as ever."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from celery.canvas import Signature
from kombu.utils.json import loads

from ..sending import Publisher
from .app import ClientApp
from .client import BaseClient

__all__ = ["Published", "published"]


@dataclass(frozen=True)
class Published:
    """What would have been published: the task by the name of its function, its arguments by their present names.

    args: what follows the arguments that have names. options: `countdown`, `eta`, `expires`, where they were given.
    """

    id: str
    task: str
    kwargs: dict[str, Any]
    args: tuple[Any, ...]
    queue: str
    options: dict[str, Any]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Published]:
    """What was published since the test began, in order. No broker is needed, and none is reached."""
    found: list[Published] = []

    def deliver(app: ClientApp, producer: Any, name: str, args: Any, kwargs: Any, **options: Any) -> Any:
        key, task = next(each for each in app.contract.tasks.items() if each[1].name == name)
        positional, named = loads(json.dumps([args, kwargs]))
        values = {task.named[wire].name if wire in task.named else wire: value for wire, value in named.items()}
        values |= {each.name: value for each, value in zip(task.first, positional, strict=False)}
        given = {each: options[each] for each in ("countdown", "eta", "expires") if options.get(each) is not None}
        rest = tuple(positional[len(task.first) :])
        found.append(Published(options["task_id"], key, values, rest, task.queue, given))
        return app.AsyncResult(options["task_id"])

    def publish_all(publisher: Publisher, signatures: Mapping[str, Signature], batch: Any) -> list[Any]:
        for signature in signatures.values():
            signature.apply_async(check=False)
        return []

    monkeypatch.setattr(BaseClient, "app", property(lambda client: client.make_app("memory://")))
    monkeypatch.setattr(ClientApp, "deliver", deliver)
    monkeypatch.setattr(Publisher, "publish_all", publish_all)
    return found
