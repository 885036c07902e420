"""What the service tells of a task while it is on its way, and that it never takes a step back."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from runtime.testing import Worker

from .combinations import each_broker
from .service.calls import dead_reasons, publish, send_unchecked, states_until_the_end

pytestmark = each_broker

ENDS = {
    "done": [["running", "done"]],
    "fails": [["running", "deferred", "dead"], ["running", "dead"]],
    "retries": [["running", "deferred", "running", "done"]],
}
"""What may be seen of a run from its start; between its failure and its letter it may look like one that is retried."""


@pytest.mark.parametrize("how", ENDS)
def test_a_task_is_followed_to_its_end(worker: Worker, how: str) -> None:
    task_id = worker.call(publish, "tests.ends", how)
    states = worker.call(states_until_the_end, "tests.ends", task_id)
    assert states[states[0] == "unknown" :] in ENDS[how], states


def test_a_letter_that_is_replayed_waits_again(worker: Worker) -> None:
    task_id = worker.call(publish, "tests.ends", "fails")
    assert worker.call(states_until_the_end, "tests.ends", task_id)[-1] == "dead"
    worker.wait(lambda: worker.call(dead_reasons, task_id))
    worker.command("dead", "replay", task_id, "--json")
    states = worker.call(states_until_the_end, "tests.ends", task_id)
    assert states[0] in ("waiting", "running")
    assert states[-1] == "dead"


def test_a_replayed_task_whose_arguments_are_its_key_does_not_wait_for_ever(worker: Worker, tmp_path: Path) -> None:
    folder, name = tmp_path / "late", uuid.uuid4().hex
    task_id = worker.call(publish, "tests.effect", name, str(folder))
    worker.wait(lambda: worker.call(dead_reasons, task_id))
    folder.mkdir()
    worker.command("dead", "replay", task_id, "--json")
    worker.wait((folder / name).exists)
    arguments = f'{{"name": "{name}", "folder": "{folder}"}}'
    worker.wait(lambda: [row["state"] for row in told(worker, task_id, "effect", arguments)] == ["done"])
    with pytest.raises(AssertionError, match="give TASK and ARGUMENTS"):
        told(worker, task_id, "effect")


def test_a_death_that_no_child_could_report_is_told(worker: Worker, tmp_path: Path) -> None:
    task_id = worker.call(publish, "tests.overruns", str(tmp_path), "overruns")
    assert worker.call(states_until_the_end, "tests.overruns", task_id) == ["unknown", "dead"]


def test_the_command_tells_it(worker: Worker, tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    ends, keyed = worker.call(publish, "tests.ends", "fails"), worker.call(publish, "tests.effect", name, str(tmp_path))
    unheard = f"unheard-{name}"
    worker.call(send_unchecked, "tests.unheard", [], unheard)
    worker.wait(lambda: len([each for each in (ends, unheard) if worker.call(dead_reasons, each)]) == 2)
    dead = {"id": ends, "task": "tests.ends", "state": "dead", "reason": "ValueError: it cannot work"}
    assert told(worker, ends) == told(worker, ends, "ends") == [dead]
    (other,) = told(worker, unheard)
    assert (other["task"], other["state"], other["reason"].partition(":")[0]) == (
        "tests.unheard",
        "dead",
        "NotRegistered",
    )
    worker.wait((tmp_path / name).exists)
    arguments = f'{{"name": "{name}", "folder": "{tmp_path}"}}'
    done = {"id": keyed, "task": "tests.effect", "state": "done", "reason": ""}
    worker.wait(lambda: told(worker, keyed, "effect", arguments) == [done])
    with pytest.raises(AssertionError, match=r"give TASK and ARGUMENTS for .*effect"):
        told(worker, keyed)


def test_a_worker_tells_of_a_task_of_which_nothing_is_kept_until_it_ends(worker: Worker, tmp_path: Path) -> None:
    first = worker.call(publish, "tests.waits", str(tmp_path), "first", 50)
    worker.wait((tmp_path / "first.started").exists)
    (row,) = told(worker, first)
    assert (row["task"], row["state"]) == ("tests.waits", "running")
    assert row["reason"].startswith("at runtime.")
    assert told(worker, first, "waits") == [row]
    with pytest.raises(AssertionError, match="unknown: never published"):
        told(worker, first, "ends")
    (tmp_path / "go").touch()
    worker.wait((tmp_path / "first.ended").exists)


def told(worker: Worker, *arguments: str) -> Any:
    return worker.command("status", *arguments, "--json")
