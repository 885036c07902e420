"""Whatever cannot be done is kept whole, once, and comes back when somebody says so."""

import base64
import json
import pickletools
import uuid
from pathlib import Path
from typing import Any

import pytest

from runtime.testing import Worker
from runtime.testing.processes import Workers

from .combinations import each_broker
from .service import malformed_messages
from .service.calls import publish, replay_and_die
from .service.notes import count

pytestmark = each_broker


@pytest.fixture(scope="module")
def dead(workers: Workers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The letters of everything that cannot succeed, by what it was; the worker's folder is in `folder`."""
    worker, folder, mark = workers.shared(), tmp_path_factory.mktemp("ends"), str(uuid.uuid4())
    worker.call(malformed_messages.publish, str(folder), mark)

    def all_dead() -> dict[str, Any] | None:
        letters = [letter for letter in listed(worker) if letter["id"].endswith(mark)]
        assert len(letters) == len({letter["id"] for letter in letters})
        found = {letter["id"].removesuffix(mark): letter for letter in letters}
        return found if len(found) == len(EXPECTED) else None

    return {**worker.wait(all_dead), "folder": folder}


def listed(worker: Worker, *options: str) -> list[dict[str, Any]]:
    """The dead letters that the command lists."""
    found: list[dict[str, Any]] = worker.command("dead", "list", "--json", *options)
    return found


EXPECTED = {
    "fails": ("ValueError: it cannot work", 1),
    "exhausts_its_retries": ("ConnectionError: still away", 2),
    "overruns": ("TimeLimitExceeded: it was killed after 2 s", 1),
    "kills_its_process": ("WorkerLostError", 2),
    "runs_out_of_memory": ("DeliveryLimit", 0),
    "rejects": ("Reject: no, thank you", 1),
    "pickle": ("ContentDisallowed", 1),
    "unknown": ("NotRegistered: expected a task of this service, got: tests.of_another_release", 1),
    "garbled": ("DecodeError", 1),
    "listed": ("InvalidTaskError: expected the arguments to be a list and an object", 1),
    "foreign": ("UnknownMessage", 1),
    "no_argument": ("PayloadError: expected the arguments of tests.effect to be (name: str", 1),
}
"""How the reason begins, and the starts; 0 where the broker says when it is enough."""


@pytest.mark.parametrize(("name", "reason", "attempts"), [(name, *rest) for name, rest in EXPECTED.items()])
def test_each_end_is_kept_with_its_reason(dead: dict[str, Any], name: str, reason: str, attempts: int) -> None:
    letter = dead[name]
    assert letter["reason"].startswith(reason)
    assert letter["attempts"] == attempts or (not attempts and letter["attempts"] > 1)
    assert letter["first"] <= letter["last"]


def test_a_run_is_counted_as_often_as_it_began(dead: dict[str, Any]) -> None:
    for name, attempts in {"fails": 1, "exhausts_its_retries": 2, "overruns": 1, "kills_its_process": 2}.items():
        assert count(dead["folder"], name) == attempts


def test_a_letter_holds_all_that_is_known(dead: dict[str, Any]) -> None:
    letter = dead["fails"]
    assert letter["task"] == "tests.fails"
    assert letter["args"] == [str(dead["folder"]), "fails"]
    assert letter["kwargs"] == {}
    assert "raise ValueError" in letter["traceback"]
    assert letter["body"] is None


def test_pickle_is_kept_and_never_executed(dead: dict[str, Any]) -> None:
    assert "open" in [value for _, value, _ in pickletools.genops(base64.b64decode(dead["pickle"]["body"]))]
    assert not (dead["folder"] / "executed").exists()


def test_letters_are_found_by_task_reason_time_and_queue(dead: dict[str, Any], worker: Worker) -> None:
    def ids(*options: str) -> set[str]:
        mark = dead["fails"]["id"].removeprefix("fails")
        return {each["id"].removesuffix(mark) for each in listed(worker, *options) if each["id"].endswith(mark)}

    assert ids("--task", "fails", "--since", "1h") == {"fails"}
    assert ids("--task", "tests.effect", "--reason", "decodeERROR") == {"garbled"}
    assert ids("--since", "1h") == set(EXPECTED)
    assert ids("--since", "2999-01-31") == set()
    assert ids("--queue", dead["foreign"]["queue"]) >= {"foreign"}
    assert len(listed(worker, "--limit", "2")) == 2
    assert worker.command("dead", "show", dead["fails"]["id"]) == dead["fails"]
    with pytest.raises(json.JSONDecodeError) as shown:
        worker.command("dead", "show", "--traceback", dead["fails"]["id"])
    assert shown.value.doc == dead["fails"]["traceback"]


def test_a_replay_runs_again_under_the_same_id(dead: dict[str, Any], worker: Worker) -> None:
    letter, folder = dead["fails"], Path(dead["folder"])
    dry = worker.command("dead", "replay", letter["id"], "--dry-run", "--json")
    assert [each["id"] for each in dry] == [letter["id"]]
    (folder / "fixed").touch()
    assert worker.command("dead", "replay", letter["id"], "--json") == dry
    worker.wait(lambda: count(folder, "fails") == 2)
    worker.wait(lambda: worker.lines('"done"', letter["id"]))
    assert letter["id"] not in {each["id"] for each in listed(worker)}


def test_a_replay_that_dies_again_is_a_letter_again(dead: dict[str, Any], worker: Worker) -> None:
    task_id = dead["unknown"]["id"]
    worker.command("dead", "replay", task_id, "--json")

    def again() -> bool:
        found = [letter for letter in listed(worker) if letter["id"] == task_id]
        return len(found) == 1 and found[0]["last"] > dead["unknown"]["last"]

    assert worker.wait(again)


def test_a_crash_in_a_replay_loses_nothing(worker: Worker, tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    task_id = worker.call(publish, "tests.effect", name, str(tmp_path / "late"))

    def is_dead() -> bool:
        return task_id in {letter["id"] for letter in listed(worker)}

    worker.wait(is_dead)
    (tmp_path / "late").mkdir()
    with pytest.raises(AssertionError, match="the process ended: 1"):
        worker.call(replay_and_die, task_id)
    worker.wait((tmp_path / "late" / name).exists)
    assert is_dead()
    worker.command("dead", "replay", task_id, "--json")
    worker.wait(lambda: worker.lines('"duplicate"', name))
    assert (tmp_path / "late" / name).read_text().splitlines() == [task_id]
    assert not is_dead()


def test_a_purge_throws_away_what_is_chosen(dead: dict[str, Any], worker: Worker) -> None:
    mark = dead["rejects"]["id"].removeprefix("rejects")
    purge = ("dead", "purge", "--task", "rejects", "--json")
    assert dead["rejects"]["id"] in {letter["id"] for letter in worker.command(*purge, "--dry-run")}
    assert dead["rejects"]["id"] in {letter["id"] for letter in worker.command(*purge)}
    left = {letter["id"] for letter in listed(worker)}
    assert dead["rejects"]["id"] not in left
    assert f"overruns{mark}" in left
