"""Two real beats publish what is due, side by side, and a real worker runs each slot once."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.testing import Worker

from .combinations import each_broker

pytestmark = each_broker

STARTED = "beat: Starting..."
SENT = "Sending due task tests.tick"


@contextmanager
def beat(worker: Worker, folder: Path) -> Iterator[Path]:
    """A running beat; yields its log."""
    folder.mkdir()
    log = folder / "beat.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", worker.module, "beat"]
        process = subprocess.Popen(command, env={**worker.env, "TMPDIR": str(folder)}, stdout=output, stderr=output)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)


def slots(worker: Worker, event: str) -> list[str]:
    """The id of each run of which the worker's log tells this, in its order."""
    return [json.loads(line)["id"] for line in worker.lines('"task": "tests.tick"', f'"event": "{event}"')]


def test_two_beats_make_one_run_of_each_slot(worker: Worker, tmp_path: Path) -> None:
    # A lock in Redis lets one of two publish. RabbitMQ has no lock that would choose, so that the slot's id has to.
    publishers = 2 if worker.env["RUNTIME_BROKER_URL"].startswith("amqp") else 1
    with beat(worker, tmp_path / "first") as first:
        worker.wait(lambda: SENT in first.read_text())
        with beat(worker, tmp_path / "second") as second:
            worker.wait(lambda: STARTED in second.read_text())
            ran = len(slots(worker, "done"))
            worker.wait(lambda: len(slots(worker, "done")) >= ran + 3)
            worker.wait(lambda: publishers == 1 or (SENT in second.read_text() and slots(worker, "duplicate")))
            assert (SENT in second.read_text()) == (publishers == 2)
            assert bool(slots(worker, "duplicate")) == (publishers == 2)
    done = slots(worker, "done")
    assert len(set(done)) == len(done)
