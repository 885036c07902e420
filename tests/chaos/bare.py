"""Bare Celery under the attack of a generated service's `dev.chaos`, whose folder has to be on the path.

`python -m tests.reliability.chaos.bare BROKER TASKS EVERY SEED` prints JSON like `dev.chaos --json`. Its one departure
from Celery's defaults: on Redis, what a dead worker held comes back after seconds and not after an hour, so that the
run can wait for it.
"""

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

__all__ = ["app", "effect", "main", "publish"]

HALF = 0.02
AHEAD = 40
PATIENCE = 40.0
"""Seconds without an effect until what is missing counts as lost: what a dead worker held is back long before."""
RESTORE = {"visibility_timeout": 20, "unacked_restore_interval": 2, "unacked_restore_throttle": 1}

count: Any = import_module("dev.chaos_count")
app = Celery("bare", broker=os.environ.get("CHAOS_BROKER", "unset://"))
if app.conf.broker_url.startswith("redis"):
    app.conf.broker_transport_options = RESTORE


@app.task(name="effect")
def effect(number: int, folder: str) -> None:
    """What the tasks of `dev.chaos` do."""
    time.sleep(HALF)
    count.append(Path(folder) / "effects", f"{number} {os.getpid()}")
    time.sleep(HALF)


def publish(folder: str, tasks: int) -> None:
    """Publish each task until Celery reports no error, and not far ahead of the workers."""
    for number in range(tasks):
        while not published(number, folder):
            time.sleep(0.1)
        deadline = time.monotonic() + 0.3  # what is lost never makes room
        while number % 20 == 0 and number - len(effects(folder)) > AHEAD and time.monotonic() < deadline:
            time.sleep(0.1)


def published(number: int, folder: str) -> bool:
    """Whether Celery says so."""
    try:
        effect.apply_async((number, folder), task_id=str(number))
    except (OperationalError, OSError):
        return False
    return True


def effects(folder: str) -> list[str]:
    """The lines so far."""
    written: list[str] = count.lines(Path(folder) / "effects")
    return written


def main(broker: str, tasks: int, every: float, seed: int) -> None:
    """Attack, count, print."""
    attack: Any = import_module("dev.chaos_attack")
    process: Any = import_module("dev.process")
    server: Any = import_module(f"dev.{broker}")
    celery = [sys.executable, "-m", "celery", "-A", __spec__.name, "worker", "--concurrency", "2"]
    with tempfile.TemporaryDirectory(prefix="chaos-bare-") as folder, server.started(Path(folder)) as url:
        os.environ["CHAOS_BROKER"] = server.url(url, 0)
        kills = attack.attack(
            [[*celery, "--hostname", f"worker{number}@%h"] for number in range(2)],
            [sys.executable, "-c", f"from {__spec__.name} import publish; publish({folder!r}, {tasks})"],
            process.STARTED[0],
            count.Settled(lambda: {"": effects(folder)}, tasks, PATIENCE),
            lambda: len(effects(folder)),
            folder=Path(folder),
            every=every,
            seed=seed,
        )
        row = count.row("Celery's defaults", tasks, effects(folder))
    print(json.dumps({"kills": asdict(kills), "rows": [asdict(row)]}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
