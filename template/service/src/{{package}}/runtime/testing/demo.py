"""What the service promises, seen on this machine: `make demo`, or `make demo TASKS="one another"` for these alone.

Starts what the environment does not name, and a real worker; on a server that is named it has names of its own, and
deletes them. Sends each task twice with one id, which has one effect; and once with an argument that it does not take,
which fails for good and ends as a dead letter.
Exit 0: all of that was seen.
"""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..cli.send import find
from ..dead_letters import DeadLetter, letters
from ..errors import PayloadError, ServiceError
from ..loading import load
from ..names import short
from ..settings import NAME, PREFIX, settings
from ..task import service_tasks
from .app import app_module
from .examples import call
from .servers import described, needs, new_namespace, running
from .servers.process import until
from .stores import store_module

__all__ = ["main"]

TIMEOUT = 90
"""Seconds to wait for what has to happen."""


class Row(NamedTuple):
    """What was done, what had to follow, and what did."""

    what: str
    expected: int
    seen: int


def main(names: list[str]) -> int:
    """Run the demo for the tasks called `names`, all of them if there are none, and print what happened."""
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-demo-") as temporary:
        folder = Path(temporary)
        try:
            print(*described(needs()), sep="\n", file=sys.stderr)
            with running(folder, needs(), namespace=new_namespace("demo")) as urls:
                os.environ.update(urls)
                os.environ[f"{PREFIX}HEARTBEAT_FILE"] = str(folder / "heartbeat")
                settings.cache_clear()
                app = load(app_module())
                tasks = [find(app, name) for name in names] or service_tasks(app)
                return demonstrate(tasks, folder / "worker.log")
        except ServiceError as error:
            print(f"{NAME}: {error}", file=sys.stderr)
            return 2


def demonstrate(tasks: list[Any], log: Path) -> int:
    """Start a worker, send the tasks, print the table. 0: everything that had to happen was seen."""
    url = os.environ[f"{PREFIX}IDEMPOTENCY_URL"]
    store_module(url).prepare(url)
    rows, died = [], []
    with log.open("wb") as output:
        worker = subprocess.Popen([sys.executable, "-m", NAME, "worker"], stdout=output, stderr=output)
        try:
            for sent in [send(task) for task in tasks]:
                shown, letter = sent.seen(log, lambda: worker.poll() is not None)
                rows += shown
                died += [letter] if letter else []
        finally:
            worker.terminate()
            worker.wait()
    width = max((len(row.what) for row in rows), default=0)
    print(f"{'':4}  {'what':<{width}}  expected  seen")
    for row in rows:
        verdict = "ok" if row.seen == row.expected else "FAIL"
        print(f"{verdict:<4}  {row.what:<{width}}  {row.expected:>8}  {row.seen:>4}")
    if all(row.seen == row.expected for row in rows):
        return 0
    for letter in died:
        print(f"\n{letter.task} became a dead letter: {letter.reason}\n{letter.traceback}", file=sys.stderr)
    if died:
        print(
            f"Their arguments were made up, such as {died[0].kwargs or died[0].args}: work that needs data of its own "
            'fails on them. Name others: make demo TASKS="..."',
            file=sys.stderr,
        )
    if not died:
        print(log.read_text(errors="replace")[-6000:], file=sys.stderr)
    return 1


class Sent(NamedTuple):
    """A task that was published twice with the id `twice`, and once, as it cannot work, with the id `fails`."""

    task: Any
    twice: str
    fails: str

    def seen(self, log: Path, over: Callable[[], bool]) -> tuple[list[Row], DeadLetter | None]:
        """What became of it, once it has; the letter that it should not have become.

        over: whether nothing more can come.
        """
        found: dict[str, DeadLetter] = {}

        def ended() -> bool:
            found.update((letter.id, letter) for letter in letters() if letter.id in (self.twice, self.fails))
            return self.fails in found and (self.twice in found or len(events(log, self.twice)) >= 2)

        with suppress(TimeoutError):  # the rows show what is missing
            until(lambda: ended() or over(), TIMEOUT, interval=0.2)
        name, seen = short(self.task.own_name), events(log, self.twice)
        effects = 2 if self.task.idempotency == "natural" else 1
        return [
            Row(f"{name} sent twice with one id: effects", effects, seen.count("done")),
            Row(f"{name} sent twice with one id: repeats dropped", 2 - effects, seen.count("duplicate")),
            Row(f"{name} failed for good: dead letters", 1, int(self.fails in found)),
        ], found.get(self.twice)


def send(task: Any) -> Sent:
    """Publish a run twice, and one that cannot work; raises PayloadError for an argument that has no example."""
    sent = Sent(task, str(uuid.uuid4()), str(uuid.uuid4()))
    try:
        args, kwargs = call(task.arguments)
    except TypeError as error:
        raise PayloadError(
            f"expected the arguments of {task.own_name} to have annotations that a demo has examples of, "
            f"got: {error}; name other tasks: make demo TASKS=..."
        ) from error
    for _ in range(2):
        task.apply_async(args, kwargs, task_id=sent.twice)
    task.app.send_task(task.name, kwargs={"no_such_argument": 1}, task_id=sent.fails)
    return sent


def events(log: Path, task_id: str) -> list[str]:
    """How the deliveries of one task id ended, as the worker logged it."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
    return [line["event"] for line in lines if line.get("id") == task_id and line["event"] in ("done", "duplicate")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
