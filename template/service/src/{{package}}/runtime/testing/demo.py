"""What the service promises, seen on this machine: `make demo`, or `make demo TASKS="one another"` for tasks of yours.

Starts what the environment does not name, and a real worker. Sends each task twice with one id, which has one effect;
and once with an argument that it does not take, which fails for good and ends as a dead letter.
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
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

from ..cli.send import find
from ..dead_letters import letters
from ..errors import ServiceError
from ..settings import NAME, PREFIX
from .app import load_app
from .servers import Unavailable, needs, running
from .servers.process import until
from .stores import store_module

__all__ = ["main"]

SAMPLE = "send_welcome"
TIMEOUT = 90
"""Seconds to wait for what has to happen."""


class Row(NamedTuple):
    """What was done, what had to follow, and what did."""

    what: str
    expected: int
    seen: int


def main(names: list[str]) -> int:
    """Run the demo for the tasks called `names`, and print what happened."""
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-demo-") as temporary:
        folder = Path(temporary)
        try:
            with running(folder, needs()) as urls:
                os.environ.update(urls)
                os.environ[f"{PREFIX}HEARTBEAT_FILE"] = str(folder / "heartbeat")
                return demonstrate(names, folder / "worker.log")
        except Unavailable as unavailable:
            print(f"{NAME}: {unavailable}", file=sys.stderr)
            return 2


def demonstrate(names: list[str], log: Path) -> int:
    """Start a worker, send the tasks, print the table. 0: everything that had to happen was seen."""
    try:
        tasks = [find(load_app(), name) for name in names]
    except ServiceError as unknown:
        print(f"{NAME}: {unknown}; or name tasks of yours: make demo TASKS=...", file=sys.stderr)
        return 2
    url = os.environ[f"{PREFIX}IDEMPOTENCY_URL"]
    store_module(url).prepare(url)
    with log.open("wb") as output:
        worker = subprocess.Popen([sys.executable, "-m", NAME, "worker"], stdout=output, stderr=output)
        try:
            rows = [row for task in tasks for row in demonstrate_task(task, log)]
        finally:
            worker.terminate()
            worker.wait()
    width = max(len(row.what) for row in rows)
    print(f"{'':4}  {'what':<{width}}  expected  seen")
    for row in rows:
        verdict = "ok" if row.seen == row.expected else "FAIL"
        print(f"{verdict:<4}  {row.what:<{width}}  {row.expected:>8}  {row.seen:>4}")
    if all(row.seen == row.expected for row in rows):
        return 0
    print(log.read_text(errors="replace")[-6000:], file=sys.stderr)
    return 1


def demonstrate_task(task: Any, log: Path) -> list[Row]:
    """One run sent twice, and one that cannot work."""
    twice, fails = str(uuid.uuid4()), str(uuid.uuid4())
    arguments = {name: example(argument.annotation) for name, argument in task.arguments.parameters.items()}
    for _ in range(2):
        task.apply_async(kwargs=arguments, task_id=twice)
    task.app.send_task(task.name, kwargs={"no_such_argument": 1}, task_id=fails)
    wait(lambda: len(events(log, twice)) >= 2)
    wait(lambda: any(letter.id == fails for letter in letters()))
    name, seen = task.name.rsplit(".", 1)[-1], events(log, twice)
    effects = 2 if task.idempotency == "natural" else 1
    return [
        Row(f"{name} sent twice with one id: effects", effects, seen.count("done")),
        Row(f"{name} sent twice with one id: repeats dropped", 2 - effects, seen.count("duplicate")),
        Row(f"{name} failed for good: dead letters", 1, sum(letter.id == fails for letter in letters())),
    ]


def events(log: Path, task_id: str) -> list[str]:
    """How the deliveries of one task id ended, as the worker logged it."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
    return [line["event"] for line in lines if line.get("id") == task_id and line["event"] in ("done", "duplicate")]


def wait(happened: Callable[[], bool]) -> None:
    """Return when it happened, or after TIMEOUT: the table then shows what is missing."""
    with suppress(TimeoutError):
        until(happened, TIMEOUT, interval=0.2)


def example(kind: Any) -> Any:
    """A value of an argument's type, new each time where it can be: a store that is kept knows the last demo's keys."""
    if get_origin(kind) is list:
        return [example(get_args(kind)[0])]
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    examples = {
        datetime: moment,
        date: moment.date(),
        uuid.UUID: uuid.uuid4(),
        Decimal: Decimal("9.99"),
        str: uuid.uuid4().hex,
        int: uuid.uuid4().int % 2**31,
    }
    return examples[kind] if kind in examples else kind(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [SAMPLE]))
