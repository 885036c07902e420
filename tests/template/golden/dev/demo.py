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
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

from myservice import NAME
from myservice.settings import PREFIX

from . import store
from .services import Unavailable, running

__all__ = ["main"]

SAMPLE = "send_welcome"
PATIENCE = 90
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
            with running(folder) as services:
                os.environ.update(services)
                os.environ[f"{PREFIX}HEARTBEAT_FILE"] = str(folder / "heartbeat")
                return demonstrate(names, folder / "worker.log")
        except Unavailable as unavailable:
            print(f"{NAME}: {unavailable}", file=sys.stderr)
            return 2


def demonstrate(names: list[str], log: Path) -> int:
    """Start a worker, send the tasks, print the table. 0: everything that had to happen was seen."""
    from myservice.errors import ServiceError
    from myservice.send import find

    try:
        tasks = [find(name) for name in names]
    except ServiceError as unknown:
        print(f"{NAME}: {unknown}; or name tasks of yours: make demo TASKS=...", file=sys.stderr)
        return 2
    store.prepare(os.environ[f"{PREFIX}IDEMPOTENCY_URL"])
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
    from myservice.app import app
    from myservice.dead_letters import letters

    twice, fails = str(uuid.uuid4()), str(uuid.uuid4())
    arguments = {name: example(argument.annotation) for name, argument in task.arguments.parameters.items()}
    for _ in range(2):
        task.apply_async(kwargs=arguments, task_id=twice)
    app.send_task(task.name, kwargs={"no_such_argument": 1}, task_id=fails)
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
    """Come back when it happened, or when PATIENCE is over: the table then shows what is missing."""
    deadline = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.2)


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
