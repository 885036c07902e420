"""A service called `shop` in two versions, old and new, with the tasks of `versions`, on one broker and one store."""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from runtime.testing.processes import Console, Worker

from .versions import Change

__all__ = ["SOURCE", "Effects", "Shop"]

SOURCE = Path(__file__).parents[2] / "template/service/src/{{package}}"
"""Where `runtime` lies."""

APP = """\
from runtime import create_app
from runtime.brokers.rabbitmq import RabbitmqBroker
from runtime.brokers.redis import RedisBroker
from runtime.idempotency.redis import RedisStore
from runtime.idempotency.sql import SqlStore
from runtime.settings import settings

from .queues import Queue

app = create_app(
    queues=Queue,
    broker=RabbitmqBroker if settings().broker_url.startswith("amqp") else RedisBroker,
    store=RedisStore if settings().idempotency_url.startswith("redis") else SqlStore,
    tasks="shop.tasks",
    workflows="shop.workflows",
)
"""

QUEUES = """\
from enum import Enum

from runtime import QueueClass


class Queue(Enum):
    DEFAULT = QueueClass("default", max_runtime=120, pool="threads", concurrency=40)
"""

BULK = """\
    BULK = QueueClass("bulk", max_runtime=120, pool="threads", concurrency=40)
"""

WORK = """\
import json
import os
import time
from datetime import datetime
from functools import partial
from typing import Literal

from celery import chain
from runtime import ServiceTask, shared_task
from runtime.settings import settings

from ..queues import Queue

VERSION, EFFECTS = os.environ["SHOP_VERSION"], os.environ["SHOP_EFFECTS"]
EXACTLY_ONCE = {} if settings().idempotency_url.startswith("redis") else {"idempotency": "transactional"}
GIVEN = {"work_queue": Queue.DEFAULT, "idempotency": "lease", "soft_time_limit": 100, "time_limit": 120}


def task(**options):
    return shared_task(base=ServiceTask, bind=True, **{**GIVEN, **options})


def leave(mark, *values):
    line(mark, "begun", values)
    if f"stalls-in-{VERSION}" in mark:
        time.sleep(90)
    line(mark, "done", values)


def line(*what):
    with open(EFFECTS, "a") as effects:
        effects.write(json.dumps([VERSION, *what]) + "\\n")


def publish(calls):
    for mark, call in calls.items():
        eval(call, globals(), {"M": mark})


"""

MAIN = """\
from runtime import cli

cli.main("shop.app")
"""


class ShopWorker(Worker):
    """A worker of one version."""

    module = "shop"


class Shop:
    """One version: its producer, and its workers."""

    def __init__(self, version: str, changes: Iterable[Change], folder: Path, env: Mapping[str, str]) -> None:
        """`folder` takes its code and its logs; `env` names the servers and the file of effects."""
        self.version, self._folder, self.client = version, folder, folder / "client"
        tasks = "\n\n\n".join(getattr(change, version) for change in changes)
        files = {
            "__init__.py": "",
            "__main__.py": MAIN,
            "app.py": APP,
            "queues.py": QUEUES + (BULK if version == "new" else ""),
            "tasks/__init__.py": "",
            "tasks/work.py": f"{WORK}{tasks}\n",
            "workflows/__init__.py": "",
        }
        for path, text in files.items():
            file = folder / "shop" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        python_path = os.pathsep.join(map(str, (folder, SOURCE)))
        self.env = {**env, "PYTHONPATH": python_path, "RUNTIME_APP": "shop.app", "SHOP_VERSION": version}
        self.console = Console(self.env)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Its processes start when they are used."""
        self._stack.enter_context(self.console)
        return self

    def __exit__(self, *error: object) -> None:
        """End them."""
        self._stack.close()

    def contract(self) -> str:
        """What `contract` prints."""
        return json.dumps(self.console.command("contract", "--json"))

    def migrate(self) -> None:
        """Create the tables of the store."""
        url = self.env["RUNTIME_IDEMPOTENCY_URL"]
        self.console.python(f"from runtime.idempotency.sql.migrations import migrate; migrate({url!r})")

    def publish(self, calls: Mapping[str, str]) -> None:
        """Make each call, by its mark."""
        self.console.python(f"from shop.tasks.work import publish; publish({dict(calls)!r})")

    def publish_by_client(self, calls: Mapping[str, str]) -> None:
        """Make each call of the client in the folder `client`."""
        names = "{**vars(runtime_client), 'datetime': datetime}"
        self.console.python(
            f"import sys; sys.path.insert(0, {str(self.client / 'src')!r})\n"
            "import runtime_client; from datetime import datetime\n"
            f"for mark, call in {dict(calls)!r}.items(): eval(call, {names}, {{'M': mark}})"
        )

    def worker(self) -> ShopWorker:
        """A worker that has been started; kill it."""
        worker = ShopWorker(self.env, self._folder, self.console)
        self._stack.callback(lambda: worker.kill())
        return worker.__enter__()


class Effects:
    """What the runs of both versions have left in a file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()

    def runs(self, mark: str, event: str = "done") -> list[tuple[str, Any]]:
        """How often the run with this mark came so far: the versions and their arguments."""
        lines = [json.loads(line) for line in self.file.read_text().splitlines()]
        return [(version, values) for version, *what, values in lines if what == [mark, event]]

    def versions(self, mark: str, event: str = "done") -> list[str]:
        """The versions in which it came so far."""
        return [version for version, _ in self.runs(mark, event)]
