"""A task that kills its worker, main process and all, ends as a dead letter instead of killing for ever."""

import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

LIMIT = {{1 if redis else 5}}
"""Redeliveries. {{ "The default would take as many leases." if redis else "The default: a queue cannot be declared with another one." }}"""


def test_what_kills_every_worker_becomes_a_dead_letter(new_worker: Any, tmp_path: Path) -> None:
    task_id = str(uuid.uuid4())
    for start in range(1 + LIMIT):
        worker = new_worker(DELIVERY_LIMIT=LIMIT)
        if start == 0:
            publish = f"ENDS['kills_the_worker'].apply_async(({str(tmp_path)!r}, 'killed'), task_id={task_id!r})"
            worker.python(f"from tests.probe_ends import ENDS; {publish}")
        worker.process.wait(60)
    survivor = new_worker(DELIVERY_LIMIT=LIMIT)

    def letters() -> list[Any]:
        return [each for each in survivor.command("dead", "list", "--json") if each["id"] == task_id]

    (letter,) = survivor.wait(letters)
    assert letter["task"] == "tests.kills_the_worker"
    assert letter["reason"].startswith("DeliveryLimit")
    assert letter["args"] == [str(tmp_path), "killed"]
    assert letter["attempts"] == 1 + LIMIT
    assert letter["first"] < letter["last"]
    assert survivor.command("dead", "show", task_id) == letter
    assert letter in survivor.command("dead", "list", "--json", "--since", letter["last"])
    after = datetime.fromisoformat(letter["last"]) + timedelta(seconds=1)
    assert letter not in survivor.command("dead", "list", "--json", "--since", after.isoformat())
    assert len((tmp_path / "killed").read_text().splitlines()) == 1 + LIMIT
    assert survivor.process.poll() is None
