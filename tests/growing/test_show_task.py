"""`asyncgen show task`: what the files say of one task, and nothing imported."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .commands import asyncgen

TASK = "src/shop/tasks/send_welcome.py"


def shown(name: str = "send_welcome") -> Any:
    ran = asyncgen("show", "task", name, "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def edit(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_its_output(service: Path) -> None:
    asyncgen("add-task", "nightly", "--every", "0 3 * * *", "--rate-limit", "10/m", "--max-retries", "8")
    lines = asyncgen("show", "task", "nightly").out.splitlines()
    assert lines[0].startswith("nightly  src/shop/tasks/nightly.py:")
    assert lines[0].endswith(", not written yet")
    schedule = next(line for line in lines if line.startswith("Schedule"))
    assert schedule.startswith("Schedule     0 3 * * *, next at ")
    assert lines[2:7] == [
        "Message      shop.tasks.nightly.nightly",
        "Idempotency  transactional, its key: the task's id",
        "Payload      none",
        "Failure      retried on ConnectionError, TimeoutError; any other error is a dead letter at once",
        "Resources    limits of 20 s and 30 s, at most 10/m on each worker",
    ]
    assert lines[7] == "Queue        default: runs of up to 300 s; prefork, one for each core; prefetch 1"
    assert lines[lines.index(schedule) + 1 :] == [
        "Options      retry_backoff=1",
        "             retry_backoff_max=60",
        "Tests        tests/tasks/test_nightly.py: 5",
        "",
        "retry  wait    waited in all",
        "1      0-1 s   0-1 s",
        "2      0-2 s   0-3 s",
        "3      0-4 s   0-7 s",
        "4      0-8 s   0-15 s",
        "5      0-16 s  0-31 s",
        "6      0-32 s  0-63 s",
        "7-8    0-60 s  0-183 s",
        "A dead letter after 9 runs of at most 30 s and 0-183 s of waiting: 453 s at most, without the time in queues",
    ]


def test_json_has_what_tasks_has_and_more(service: Path) -> None:
    row = shown("SendWelcome")
    assert row.items() > json.loads(asyncgen("tasks", "--json").out)[0].items()
    assert (row["message_name"], row["aliases"]) == ("shop.tasks.send_welcome.send_welcome", [])
    assert row["options"]["key"] == "('user_id',)"
    assert row["queue_class"]["max_runtime"] == 300
    assert row["retries"][2] == {"retry": 3, "shortest": 0, "longest": 4}
    assert row["dead_letter_after"] == {"waits": [0, 31], "at_most": 211}
    assert "tests/tasks/test_send_welcome.py::test_the_work_is_done" in row["tests"]
    assert row["dead_letters"] is None


def test_former_names_find_it_too(service: Path) -> None:
    assert asyncgen("rename-task", "send_welcome", "greet").code == 0
    former = "shop.tasks.send_welcome.send_welcome"
    assert shown(former) == shown("greet") == shown("shop.tasks.greet.greet")
    row = shown("greet")
    assert (row["full_name"], row["message_name"], row["aliases"]) == ("shop.tasks.greet.greet", former, [former])


def test_what_the_base_class_says_counts(service: Path) -> None:
    edit(
        service / "src/shop/task.py",
        (
            "    abstract = True\n",
            "    abstract = True\n    retry_jitter = False\n    retry_backoff_max: int = 2 * 4\n",
        ),
    )
    edit(service / TASK, ("    retry_backoff_max=60,\n", ""))
    row = shown()
    assert [(wait["shortest"], wait["longest"]) for wait in row["retries"]] == [(1, 1), (2, 2), (4, 4), (8, 8), (8, 8)]
    assert row["inherited_options"]["retry_backoff_max"] == "2 * 4"
    assert asyncgen("show", "task", "send_welcome").out.splitlines()[-2] == "4-5    8 s   23 s"


@pytest.mark.parametrize(
    ("old", "new", "last"),
    [
        ("max_retries=5", "max_retries=MOST", "When it is retried cannot be told: max_retries is MOST"),
        ("max_retries=5", "max_retries=None", "When it is retried cannot be told: max_retries is None"),
        ("retry_backoff=1", "retry_kwargs=HOW", "When it is retried cannot be told: retry_kwargs is HOW"),
        (
            "    autoretry_for=(ConnectionError, TimeoutError),\n",
            "",
            "A dead letter after 1 run of at most 30 s and 0 s of waiting: 30 s at most, without the time in queues",
        ),
    ],
)
def test_what_is_computed_is_not_guessed(service: Path, old: str, new: str, last: str) -> None:
    edit(service / TASK, (old, new))
    assert asyncgen("show", "task", "send_welcome").out.splitlines()[-1] == last


def test_tests_that_name_it_and_their_look_alikes(service: Path) -> None:
    (service / "tests/tasks/test_send_welcome.py").unlink()
    assert shown()["tests"] == []
    (service / "tests/test_mine.py").write_text(
        "from shop.tasks import send_welcome as task\n\n\n"
        "def test_one():\n    task.delay(1)\n\n\ndef test_two():\n    pass\n\n\n"
        "class TestMore:\n    def test_three(self, app):\n"
        "        app.send_task('shop.tasks.send_welcome.send_welcome')\n"
    )
    (service / "tests/test_other.py").write_text(
        "from elsewhere import send_welcome\n\n\ndef test_it():\n    send_welcome()\n"
    )
    (service / "tests/test_helped.py").write_text(
        "from shop.tasks.send_welcome import work\n\n\ndef helper():\n    work(1)\n\n\ndef test_it():\n    helper()\n"
    )
    (service / "tests/test_broken.py").write_text("send_welcome (\n")
    assert shown()["tests"] == [
        "tests/test_helped.py",
        "tests/test_mine.py::TestMore::test_three",
        "tests/test_mine.py::test_one",
    ]


@pytest.mark.parametrize(
    ("name", "fix"), [("send_welcom", "did you mean send_welcome?"), ("zzz", "asyncgen tasks lists them")]
)
def test_a_name_that_no_task_has(service: Path, name: str, fix: str) -> None:
    ran = asyncgen("show", "task", name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"asyncgen: expected the name of a task, got: {name}; {fix}\n"


def test_a_name_that_two_tasks_have(service: Path) -> None:
    text = (service / TASK).read_text()
    (service / "src/shop/tasks/other.py").write_text(text)
    ran = asyncgen("show", "task", "send_welcome")
    assert ran.code == 2
    assert "name one of shop.tasks.other.send_welcome, shop.tasks.send_welcome.send_welcome" in ran.err
    assert shown("shop.tasks.other.send_welcome")["file"] == "src/shop/tasks/other.py"


@pytest.fixture
def environment(service: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service with an environment whose Python finds the package; its command prints what it was called with."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], check=True)
    (packages,) = (service / ".venv").glob("lib/*/site-packages")
    (packages / "shop.pth").write_text(f"{service / 'src'}\n")
    (service / "src/shop/__init__.py").write_text("")
    monkeypatch.setenv("SHOP_BROKER_URL", "memory://")
    return service


def test_dead_letters_are_asked_of_the_service(environment: Path) -> None:
    main = environment / "src/shop/__main__.py"
    main.write_text(
        "import json, sys\n"
        "letter = {'id': '1', 'last': '2026-01-02', 'reason': ' '.join(sys.argv[1:])}\n"
        "print(json.dumps([letter]))\nprint('1 dead letters', file=sys.stderr)\n"
    )
    assert shown()["dead_letters"] is None
    ran = asyncgen("show", "task", "send_welcome", "--dead-letters", "--json")
    (letter,) = json.loads(ran.out)["dead_letters"]
    assert letter["reason"] == "dead list --task shop.tasks.send_welcome.send_welcome --limit 1000 --json"
    lines = asyncgen("show", "task", "send_welcome", "--dead-letters").out.splitlines()
    assert "Dead letters 1" in lines
    main.write_text('print(\'{"error": "no broker"}\')\nraise SystemExit(2)\n')
    ran = asyncgen("show", "task", "send_welcome", "--dead-letters")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "asyncgen: expected the service to list its dead letters, got: no broker\n"


def test_dead_letters_take_a_broker_and_an_environment(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_BROKER_URL", raising=False)
    ran = asyncgen("show", "task", "send_welcome", "--dead-letters")
    assert ran.code == 2
    assert "expected SHOP_BROKER_URL to name the broker of the dead letters, got: nothing" in ran.err
    monkeypatch.setenv("SHOP_BROKER_URL", "memory://")
    ran = asyncgen("show", "task", "send_welcome", "--dead-letters")
    assert ran.code == 2
    assert "expected the service's environment in .venv, got: none" in ran.err
    os.makedirs(".venv")
    assert (
        "expected an environment that may be run, got: "
        in asyncgen("show", "task", "send_welcome", "--dead-letters").err
    )


def test_nothing_of_the_project_is_imported(service: Path) -> None:
    edit(service / TASK, ("import logging\n", "import logging\nraise SystemExit('imported')\n"))
    assert shown()["task"] == "send_welcome"
