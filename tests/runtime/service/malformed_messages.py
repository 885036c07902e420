"""Publishes everything that cannot succeed: tasks that end badly, and messages that are no tasks."""

import pickle
from pathlib import Path
from typing import Any

from .app import app
from .queues import Queue
from .tasks.effects import effect
from .tasks.endings import ENDINGS

__all__ = ["publish"]

JSON = ("application/json", "utf-8")


class Planted:
    """Leaves a file wherever it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        """What pickle calls on the other side."""
        return open, (str(self.path), "w")


def publish(folder: str, mark: str) -> None:
    """Publish each once; the ids end with `mark`."""
    for name, task in ENDINGS.items():
        if name != "kills_the_worker":
            task.apply_async((folder, name), task_id=name + mark)
    pickled = pickle.dumps(([], {"planted": Planted(Path(folder) / "executed")}, {}))
    _send("pickle" + mark, pickled, effect.name, ("application/x-python-serialize", "binary"))
    _send("unknown" + mark, b"[[1], {}, {}]", "tests.of_another_release")
    _send("garbled" + mark, b"\xff{", effect.name)
    _send("listed" + mark, b"[[], [], {}]", effect.name)
    _send("foreign" + mark, b'{"hello": "world"}')
    _send("no_argument" + mark, b"[[], {}, {}]", effect.name)


def _send(task_id: str, body: bytes, task: str | None = None, content: tuple[str, str] = JSON) -> None:
    queue = app.amqp.queues[Queue.SHORT.value.wire_name]
    with app.producer_pool.acquire(block=True) as producer:
        producer.publish(
            body,
            exchange=queue.exchange,
            routing_key=queue.routing_key,
            declare=[queue],
            content_type=content[0],
            content_encoding=content[1],
            headers={"id": task_id} | ({"task": task} if task else {}),
        )
