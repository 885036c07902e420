"""Two real beats publish what is due, side by side, and a real worker runs each slot once."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PUBLISHERS = {{1 if redis else 2}}
"""Beats of two that publish: {{ "a lock in Redis lets one of them" if redis else "RabbitMQ has no lock that would choose, so that the slot's id has to" }}."""
SENT = "Sending due task tests.tick"


@contextmanager
def beat(worker: Any, folder: Path) -> Iterator[Path]:
    """A running beat; yields its log."""
    folder.mkdir()
    log = folder / "beat.log"
    with log.open("wb") as output:
        called = [sys.executable, "-m", "tests.probe", "beat"]
        process = subprocess.Popen(called, env={**worker.env, "TMPDIR": str(folder)}, stdout=output, stderr=output)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(30)


def slots(worker: Any, event: str) -> list[str]:
    """The id of each run of which the worker's log tells this, in its order."""
    return [json.loads(line)["id"] for line in worker.lines('"task": "tests.tick"', f'"event": "{event}"')]


def test_two_beats_make_one_run_of_each_slot(worker: Any, tmp_path: Path) -> None:
    with beat(worker, tmp_path / "first") as first:
        worker.wait(lambda: SENT in first.read_text())
        with beat(worker, tmp_path / "second") as second:
            ran = len(slots(worker, "done"))
            worker.wait(lambda: len(slots(worker, "done")) >= ran + 4)
            worker.wait(lambda: PUBLISHERS == 1 or (SENT in second.read_text() and slots(worker, "duplicate")))
            assert (SENT in second.read_text()) == (PUBLISHERS == 2)
            assert bool(slots(worker, "duplicate")) == (PUBLISHERS == 2)
    done = slots(worker, "done")
    assert len(set(done)) == len(done)
