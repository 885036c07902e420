"""Stray files beside those of a service: commands leave out what is no module, name it, and do their work."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.strays import LATIN, MODULES, STRAYS

from .commands import asyncgen

PACKAGES = ("tasks", "workflows")
TASK = "\n\n@shared_task(work_queue=Queue.DEFAULT, time_limit=30)\ndef größe(order_id: int): ...\n"
READING = [
    ["tasks", "--json"],
    ["tasks", "--mermaid"],
    ["add-workflow", "pair", "--chain", "first,second"],
    ["remove-workflow", "both"],
    ["remove-task", "third"],
]


@pytest.fixture
def grown(service: Path) -> Path:
    """A service with tasks and a workflow, and every stray in their folders."""
    for name in ("first", "second", "third"):
        assert asyncgen("add-task", name, "--arg", "order_id:int").code == 0
    assert asyncgen("add-workflow", "both", "--chain", "first,second").code == 0
    for package in PACKAGES:
        for name, plant in STRAYS.items():
            plant(service / "src/shop" / package / name)
    return service


def test_what_is_no_module_is_left_out_and_named(grown: Path) -> None:
    for arguments in READING:
        ran = asyncgen(*arguments)
        assert ran.code == 0, ran.err
        places = sorted(f"src/shop/{package}/{name}" for package in PACKAGES for name in STRAYS)
        assert sorted(ran.err.splitlines()) == sorted(
            f"note: {path} was left out: it is no module that can be read." for path in places
        )
    for arguments in (
        ["add-task", "fourth"],
        ["add-queue", "reports", "--longest", "60"],
        ["sync-queues"],
    ):
        ran = asyncgen(*arguments)
        assert (ran.code, ran.err) == (0, "")
    tasks = [row["task"] for row in json.loads(asyncgen("tasks", "--json").out)]
    assert tasks == ["first", "fourth", "second", "send_welcome"]
    assert asyncgen("check").code == 0


def test_a_file_in_place_of_the_workflows(service: Path) -> None:
    shutil.rmtree(service / "src/shop/workflows")
    (service / "src/shop/workflows").write_text("mine\n")
    ran = asyncgen("tasks")
    assert (ran.code, ran.err) == (0, "note: src/shop/workflows was left out: it is no module that can be read.\n")


@pytest.mark.parametrize("name", [name for name in STRAYS if not name.startswith(".")])
def test_a_stray_is_no_task_and_no_workflow(grown: Path, name: str) -> None:
    for command in ("remove-task", "remove-workflow"):
        ran = asyncgen(command, name.removesuffix(".py"), "--force")
        assert ran.code == 2
        message = ran.err.splitlines()[-1]
        assert message.startswith("asyncgen: expected a ")
        assert not any(stray.removesuffix(".py") in message.rpartition(" are ")[2].split(", ") for stray in STRAYS)
    assert os.path.lexists(grown / "src/shop/tasks" / name)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("package", PACKAGES)
def test_a_module_that_python_cannot_read_is_one_sentence(service: Path, package: str, name: str) -> None:
    (service / "src/shop" / package / name).write_bytes(MODULES[name])
    ran = asyncgen("tasks", "--mermaid")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"asyncgen: expected src/shop/{package}/{name} to be Python, got: ")


def test_a_task_in_another_encoding_that_it_names_is_listed(service: Path) -> None:
    text = "# coding: latin-1\nfrom celery import shared_task\n" + TASK
    (service / "src/shop/tasks/latin.py").write_bytes(text.encode("latin-1"))
    assert "größe" in [row["task"] for row in json.loads(asyncgen("tasks", "--json").out)]
    ran = asyncgen("remove-task", "latin")
    assert (ran.code, "to be as asyncgen add-task made it, got: edits" in ran.err) == (2, True)


def test_a_name_that_is_no_utf_8_is_listed(service: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    (service / "src/shop/tasks" / name).write_text("from celery import shared_task\n" + TASK)
    assert next(row["file"] for row in json.loads(asyncgen("tasks", "--json").out)) == f"src/shop/tasks/{name}"


@pytest.mark.parametrize("arguments", [["sync-queues"], ["add-queue", "reports", "--longest", "60"]])
@pytest.mark.parametrize("path", ["README.md", "compose.yaml", "rabbitmq.conf"])
def test_a_derived_file_in_another_encoding_is_left_to_its_owner(
    service: Path, path: str, arguments: list[str]
) -> None:
    content = (service / path).read_bytes() + LATIN
    (service / path).write_bytes(content)
    ran = asyncgen(*arguments)
    assert (ran.code, ran.err) == (1, "")
    assert f"save {path} as UTF-8 and run asyncgen sync-queues" in ran.out
    assert (service / path).read_bytes() == content


@pytest.mark.parametrize("arguments", [["sync-queues"], ["add-queue", "reports", "--longest", "60"], ["add-task", "a"]])
@pytest.mark.parametrize(
    "plant",
    [
        lambda table: table.write_bytes(LATIN),
        lambda table: table.write_bytes(MODULES["deep.py"]),
        STRAYS["pipe.py"],
        STRAYS["loop.py"],
    ],
)
def test_a_queue_table_that_cannot_be_read_is_one_sentence(
    service: Path, plant: Callable[[Path], object], arguments: list[str]
) -> None:
    (service / "src/shop/queues.py").unlink()
    plant(service / "src/shop/queues.py")
    ran = asyncgen(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "expected src/shop/queues.py to hold a class Queue" in ran.err
