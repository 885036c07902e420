"""One odd letter makes no command fail for the others: each is listed, shown, replayed if it can be, and purged."""

import json
import subprocess
import sys
import uuid
from typing import Any

import pytest
from kombu import Connection

from runtime.testing import Worker
from runtime.testing.processes import Console, Workers

from .combinations import each_broker
from .odd_letters import plant
from .service.calls import command
from .service.queues import Queue

pytestmark = each_broker

LONG = Queue.LONG.value


@pytest.fixture
def console(workers: Workers) -> Console:
    """A Python of the service, while no worker takes what is replayed."""
    workers.stop()
    return workers.console


def letters(console: Console) -> dict[str, Any]:
    """The letters of the queue, by id."""
    found = console.command("dead", "list", "--json", "--queue", LONG.name)
    assert len(found) == len({letter["id"] for letter in found})
    return {letter["id"]: letter for letter in found}


def dead(console: Console, *arguments: str) -> tuple[int | str, str, str]:
    """Run `dead` as a person does: its exit code, and what it wrote."""
    code, out, err = console.call(command, "dead", *arguments)
    return code, out, err


def waiting(url: str) -> list[str]:
    """The ids of what is in the queue, which it is emptied of."""
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        found = []
        while (message := channel.basic_get(LONG.wire_name, no_ack=True)) is not None:
            found.append(str(message.headers.get("id")))
    return found


@pytest.mark.parametrize("shown_each", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_an_odd_letter_stands_in_the_way_of_no_other(console: Console, shown_each: int) -> None:
    console.command("dead", "purge", "--all", "--json", "--queue", LONG.name)
    url, mark = console.env["RUNTIME_BROKER_URL"], str(uuid.uuid4())
    good = {"task": "tests.effect", "body": json.dumps([["name", "nowhere"], {}, {}])}
    planted = plant(url, LONG.dead_name, mark, good)

    found = letters(console)
    assert len(found) == planted
    for shown in found.values():
        assert shown["body"] is not None or shown["args"] in ([], ["name", "nowhere"], ["\ud800"])
        assert isinstance(shown["last"], str)
    assert found[f"good 1{mark}"]["reason"] == "ValueError: no"
    assert found[f"good 1{mark}"]["args"] == ["name", "nowhere"]
    assert found[f"no JSON{mark}"]["headers"]["also"] == {"x": [{"y": None}]}
    assert found[f"deep{mark}"]["headers"]["odd"] == {"raw": "nested more than 50 levels deep"}
    assert found["\\ud800 odd"]["args"] == ["name", "nowhere"]

    # On a standard output of its own, which has an encoding.
    person = [sys.executable, "-m", Worker.module, "dead", "list", "--queue", LONG.name]
    listed = subprocess.run(person, env=console.env, check=True, capture_output=True, text=True)
    assert len(listed.stdout.splitlines()) == planted
    assert "first second \\x1b[2Jthird" in listed.stdout

    # Each looks through all letters.
    for task_id, shown in list(found.items())[::shown_each]:
        assert console.command("dead", "show", task_id) == shown
    assert console.command("dead", "list", "--json", "--since", "2026-01-01", "--queue", LONG.name)

    code, _, told = dead(console, "replay", "--json", *found)
    assert code in (0, 2), told
    kept, again = letters(console), waiting(url)
    assert len(again) == planted - len(kept)
    assert {f"good {number}{mark}" for number in range(3)} <= set(again)
    assert all(task_id in told for task_id in kept)
    if kept:
        assert "expected each letter to hold a message that can be published again" in told

    if kept:
        code, _, told = dead(console, "purge", *kept)
        assert code == 0, told
    assert letters(console) == {}


def test_an_unknown_letter_is_an_error(console: Console) -> None:
    for each in ("replay", "purge"):
        code, out, err = dead(console, each, "nosuch")
        assert (code, out) == (2, "")
        (line,) = err.splitlines()
        assert line.startswith("runtime: expected ids of dead letters, got: nosuch;")
