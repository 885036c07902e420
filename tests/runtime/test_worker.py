"""A real worker on a real broker: from `.delay()` to the effect."""

import uuid
from pathlib import Path
from typing import Any


def test_a_published_task_has_its_effect_once_for_each_key(worker: Any, tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    worker.python(
        "from tests.probe import effect\n"
        f"for _ in range(3): effect.delay({name!r}, {str(tmp_path)!r})\n"
        f"effect.delay({'last-' + name!r}, {str(tmp_path)!r})"
    )
    worker.wait(lambda: len(worker.lines('"duplicate"', name)) == 2)
    worker.wait((tmp_path / f"last-{name}").exists)
    assert len((tmp_path / name).read_text().splitlines()) == 1


def test_what_fails_for_good_becomes_a_dead_letter(worker: Any) -> None:
    task_id = str(uuid.uuid4())
    worker.python(f"from tests.probe import failure; failure.apply_async(task_id={task_id!r})")
    list_them = (
        "import json\n"
        "from {{ package }}.app import app\n"
        "from {{ package }}.dead_letters import letters\n"
        f"print(json.dumps([letter.reason for letter in letters() if letter.id == {task_id!r}]))"
    )
    assert worker.wait(lambda: worker.python(list_them)) == ["ValueError: it cannot work"]


def test_the_worker_beats(worker: Any) -> None:
    assert worker.wait(lambda: Path(worker.env["{{ package | upper }}_HEARTBEAT_FILE"]).exists())
