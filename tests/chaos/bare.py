"""Bare Celery under the attack of `runtime.testing.chaos`.

`python -m tests.chaos.bare attack BROKER TASKS EVERY SEED` prints JSON as that one's `--json` does. Its one departure
from Celery's defaults: on Redis, what a dead worker held is requeued after seconds and not after an hour, so that the
run can wait for it.
"""

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from celery import Celery
from kombu.exceptions import OperationalError

from runtime.testing.chaos.attack import attack
from runtime.testing.chaos.count import Settled, row
from runtime.testing.effect_files import FileEffects
from runtime.testing.servers import running
from runtime.testing.servers.process import STARTED

__all__ = ["app", "effect", "main", "publish"]

HALF = 0.02
AHEAD = 40
MISSING_WINDOW = 40.0
"""Seconds without an effect until what is missing counts as lost: what a dead worker held is back long before."""
RESTORE = {"visibility_timeout": 20, "unacked_restore_interval": 2, "unacked_restore_throttle": 1}

app = Celery("bare", broker=os.environ.get("CHAOS_BROKER", "unset://"))
if app.conf.broker_url.startswith("redis"):
    app.conf.broker_transport_options = RESTORE


@app.task(name="effect")
def effect(number: int, folder: str) -> None:
    """What the tasks of `runtime.testing.tasks` do."""
    time.sleep(HALF)
    effects(folder).append(f"{number} {os.getpid()}")
    time.sleep(HALF)


def publish(folder: str, tasks: int) -> None:
    """Publish each task until Celery reports no error, and not far ahead of the workers."""
    for number in range(tasks):
        while not published(number, folder):
            time.sleep(0.1)
        deadline = time.monotonic() + 0.3  # what is lost never makes room
        while number % 20 == 0 and number - effects(folder).count() > AHEAD and time.monotonic() < deadline:
            time.sleep(0.1)


def published(number: int, folder: str) -> bool:
    """Whether Celery says so."""
    try:
        effect.apply_async((number, folder), task_id=str(number))
    except (OperationalError, OSError):
        return False
    return True


def effects(folder: str) -> FileEffects:
    """One line for each."""
    return FileEffects(Path(folder) / "effects")


def main(broker: str, tasks: int, every: float, seed: int) -> None:
    """Attack, count, print."""
    module = [sys.executable, "-m", __spec__.name]
    celery = [sys.executable, "-m", "celery", "-A", __spec__.name, "worker", "--concurrency", "2"]
    scheme = {"redis": "redis", "rabbitmq": "amqp"}[broker]
    with (
        tempfile.TemporaryDirectory(prefix="chaos-bare-") as folder,
        running(Path(folder), {"CHAOS_BROKER": scheme}, environ={}) as urls,
    ):
        os.environ.update(urls)
        kills = attack(
            [[*celery, "--hostname", f"worker{number}@%h"] for number in range(2)],
            [*module, "publish", folder, str(tasks)],
            STARTED[0],
            Settled(lambda: {"": effects(folder).lines()}, tasks, MISSING_WINDOW),
            effects(folder).count,
            folder=Path(folder),
            every=every,
            seed=seed,
        )
        counted = row("Celery's defaults", tasks, effects(folder).lines())
    print(json.dumps({"kills": asdict(kills), "rows": [asdict(counted)]}))


if __name__ == "__main__":
    if sys.argv[1] == "publish":
        publish(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
