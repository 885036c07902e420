"""`from shop.tasks import send_invoice` is the task for type checkers, by its line in `tasks/__init__.pyi`."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from asyncgen.releases import release_commits
from tests.support import Ran

from .commands import asyncgen, inside, tree
from .conftest import ROOT

STUB = Path("src/shop/tasks/__init__.pyi")
INIT = STUB.with_suffix(".py")
SAMPLE = "from .send_welcome import send_welcome as send_welcome\n"
MINE = "# mine\nfrom .other import one as two\n\n"
USED = """\
import shop.tasks.send_invoice as module
from shop import tasks
from shop.tasks import send_invoice, send_welcome
from shop.tasks.send_invoice import send_invoice as same

send_invoice.delay(1)
send_welcome.delay(user_id=1)
same.delay(1)
tasks.send_invoice.si(1)
module.send_invoice.delay(1)
print(module.work)
send_invoice.delay("1")  # wrong
send_welcome.delay()  # wrong
same.delay("1")  # wrong
tasks.send_invoice.si("1")  # wrong
module.send_invoice.delay("1")  # wrong
"""


def line(name: str) -> str:
    return f"from .{name} import {name} as {name}\n"


def run(*command: str) -> str:
    return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False).stdout


def outcomes(ran: Ran) -> list[str]:
    assert ran.out, ran.err
    return [edit["outcome"] for edit in json.loads(ran.out)["edits"]]


@pytest.mark.xdist_group("mypy")
def test_type_checkers_know_the_task(service: Path) -> None:
    assert asyncgen("add-task", "send_invoice", "--arg", "invoice_id:int").code == 0
    Path("src/shop/used.py").write_text(USED)
    wrong = {number for number, text in enumerate(USED.splitlines(), 1) if text.endswith("# wrong")}
    found = re.findall(r"(?m)^(.+):(\d+): error: ", run("mypy"))
    assert {file for file, _ in found} == {"src/shop/used.py"}
    assert {int(number) for _, number in found} == wrong
    settings = {"typeCheckingMode": "strict", "include": ["src/shop/used.py", "src/shop/tasks"], "extraPaths": ["src"]}
    Path("pyrightconfig.json").write_text(json.dumps(settings))
    output = json.loads(run("basedpyright", "--pythonpath", sys.executable, "--outputjson"))
    assert {found["range"]["start"]["line"] + 1 for found in output["generalDiagnostics"]} == wrong
    assert {Path(found["file"]).name for found in output["generalDiagnostics"]} == {"used.py"}


def test_lines_are_sorted_as_ruff_does_and_removed_with_their_tasks(service: Path) -> None:
    before = tree(service)
    assert STUB.read_text() == SAMPLE
    parts, chosen = ["_", "0", "1", "2", "10", "a", "b", "send"], random.Random(1)
    names = {"".join(["a", *chosen.choices(parts, k=6)]) for _ in range(60)}
    names = {name for each in names if (name := re.sub("_+", "_", each).rstrip("_"))} | {"send", "send_welcome_2", "z"}
    ran = asyncgen("add-task", "--from", "-", stdin="".join(f"{name}: {{}}\n" for name in names))
    assert (ran.code, ran.err) == (0, "")
    assert sorted(STUB.read_text().splitlines(True)) == sorted([SAMPLE, *map(line, names)])
    assert run("ruff", "check", "--no-cache", str(STUB)) == "All checks passed!\n"
    assert run("ruff", "format", "--no-cache", "--check", str(STUB)) == "1 file already formatted\n"
    for name in names:
        assert asyncgen("remove-task", name).code == 0
    assert tree(service) == before


def test_the_last_line_takes_the_stub_along_and_the_next_brings_it_back(service: Path) -> None:
    assert asyncgen("remove-task", "send_welcome").code == 0
    assert not STUB.exists()
    asyncgen("add-task", "charge")
    assert STUB.read_text() == line("charge")


def test_nothing_is_written_by_a_dry_run(service: Path) -> None:
    before = tree(service)
    assert outcomes(asyncgen("add-task", "charge", "--json", "--dry-run")) == ["done"]
    assert outcomes(asyncgen("remove-task", "send_welcome", "--json", "--dry-run")) == ["done"]
    assert tree(service) == before


def test_what_the_owner_wrote_stays(service: Path) -> None:
    STUB.write_text(f'"""Mine."""\n\n{MINE}{line("alpha")}{SAMPLE.rstrip()}  # mine')
    assert outcomes(asyncgen("add-task", "charge", "--json")) == ["done"]
    assert asyncgen("add-task", "zip_up").code == 0
    there = [line("alpha"), line("charge"), f"{SAMPLE.rstrip()}  # mine\n", line("zip_up")]
    assert STUB.read_text() == f'"""Mine."""\n\n{MINE}{"".join(there)}'
    assert asyncgen("remove-task", "charge").code == 0
    assert asyncgen("remove-task", "send_welcome").code == 0
    assert STUB.read_text() == f'"""Mine."""\n\n{MINE}{line("alpha")}{line("zip_up")}'


def test_a_line_that_is_there_already_stays(service: Path) -> None:
    STUB.write_text("from .charge import (\n    charge as charge,\n)\n")
    before = STUB.read_text()
    assert outcomes(asyncgen("add-task", "charge", "--json")) == ["already"]
    assert STUB.read_text() == before
    ran = asyncgen("remove-task", "charge")
    assert ran.code == 1
    assert ran.out.endswith(f"\ntake charge out of {STUB}\n")
    assert STUB.read_text() == before


def test_a_stub_that_is_no_python_is_left_to_its_owner(service: Path) -> None:
    STUB.write_text("from\n")
    ran = asyncgen("add-task", "charge")
    assert ran.code == 1
    assert ran.out.endswith(f"\nadd to {STUB}:\n{line('charge')}")
    assert STUB.read_text() == "from\n"
    assert Path("src/shop/tasks/charge.py").is_file()
    STUB.unlink()
    STUB.mkdir()
    ran = asyncgen("add-task", "ship")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"asyncgen: expected {STUB} to be free, got: ")
    assert not Path("src/shop/tasks/ship.py").exists()


@pytest.mark.xdist_group("mypy")
def test_a_project_without_a_stub_gets_one_that_changes_no_other_task(service: Path) -> None:
    STUB.unlink()
    Path("src/shop/used.py").write_text("from shop.tasks import send_welcome as module\n\nprint(module.work)\n")
    assert asyncgen("add-task", "charge").code == 0
    assert STUB.read_text() == line("charge")
    assert run("mypy").startswith("Success: ")


@pytest.mark.parametrize("own", ["from .send_welcome import work\n", "from .send_welcome import *\n"])
def test_no_stub_hides_what_the_owner_put_into_the_package(service: Path, own: str) -> None:
    STUB.unlink()
    INIT.write_text(INIT.read_text() + own)
    assert outcomes(asyncgen("add-task", "charge", "--json")) == []
    assert not STUB.exists()


def test_a_task_of_an_earlier_template_gets_no_line(tmp_path: Path) -> None:
    with inside(tmp_path):
        asyncgen("new", "shop", "--defaults", "--template", str(ROOT), "--ref", release_commits(ROOT)["0.2.1"])
    with inside(tmp_path / "shop"):
        assert outcomes(asyncgen("add-task", "charge", "--json")) == []
        STUB.write_text("")
        assert outcomes(asyncgen("add-task", "ship", "--json")) == []
        assert STUB.read_text() == ""
