"""A real worker on a real broker: from `.delay()` to the effect."""

import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from runtime.testing import Effects, Worker

from .service.calls import dead_reasons, publish
from .service.notes import count

NUMBER = 40


def test_a_published_task_has_its_effect_once_for_each_key(worker: Worker, tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    for _ in range(3):
        worker.call(publish, "tests.effect", name, str(tmp_path))
    worker.call(publish, "tests.effect", f"last-{name}", str(tmp_path))
    worker.wait(lambda: len(worker.lines('"duplicate"', name)) == 2)
    worker.wait((tmp_path / f"last-{name}").exists)
    assert count(tmp_path, name) == 1


def test_what_fails_for_good_becomes_a_dead_letter(worker: Worker) -> None:
    task_id = worker.call(publish, "tests.failure")
    assert worker.wait(lambda: worker.call(dead_reasons, task_id)) == ["ValueError: it cannot work"]


def test_a_killed_worker_loses_nothing(new_worker: Callable[..., Worker], effects: Effects, tmp_path: Path) -> None:
    worker = new_worker()
    effects.publish(NUMBER)
    worker.call(publish, "tests.waits", str(tmp_path), "delayed", 0, countdown=4)
    worker.wait(lambda: len(effects.seen()) >= NUMBER // 4)
    worker.kill()
    worker = new_worker()
    worker.wait(lambda: len(set(effects.seen())) == NUMBER)
    worker.wait((tmp_path / "delayed.ended").exists)
    repeated = sum(Counter(effects.seen()).values()) - NUMBER
    assert repeated <= effects.window, "a killed process may repeat the one effect that it had not recorded"
    assert count(tmp_path, "delayed.ended") == 1
