"""A worker is killed in the middle of its work; another one carries on, and every effect is there."""

import uuid
from pathlib import Path
from typing import Any

from . import probe_effects as effects

NUMBER = 40
KILLS = 1

PUBLISH = """
from tests.probe_effects import happens
from tests.probe_ends import waits
for number in range({number}):
    happens.delay({name!r}, number)
waits.apply_async(({folder!r}, "delayed", 0), countdown=4)
"""


def test_a_killed_worker_loses_nothing(new_worker: Any, tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    worker = new_worker()
    url = worker.env["MYSERVICE_IDEMPOTENCY_URL"]
    effects.prepare(url)
    worker.python(PUBLISH.format(number=NUMBER, name=name, folder=str(tmp_path)))
    for kill in range(1, KILLS + 1):
        worker.wait(lambda kill=kill: len(effects.counts(url, name)) >= kill * NUMBER // 4)
        worker.kill()
        worker = new_worker()
    worker.wait(lambda: len(effects.counts(url, name)) == NUMBER)
    worker.wait((tmp_path / "delayed.ended").exists)
    repeated = sum(count - 1 for count in effects.counts(url, name).values())
    assert repeated <= effects.WINDOW * KILLS
    assert len((tmp_path / "delayed.ended").read_text().splitlines()) == 1
