"""`asyncgen remove-task`: takes away what add-task made, and nothing that a user wrote."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TASK, TEST = "src/shop/tasks/send_invoice.py", "tests/tasks/test_send_invoice.py"
Asyncgen = Callable[..., Any]


def left(folder: Path) -> list[str]:
    return [path for path in (TASK, TEST) if (folder / path).exists()]


@pytest.fixture
def added(service: Path, asyncgen: Asyncgen) -> Path:
    """A service with a task of many answers."""
    flags = ["--arg", "ids:list[UUID]", "--arg", "at:date", "--key", "at,ids", "--expected", "70"]
    flags += ["--retry-on", "smtplib.SMTPException", "--retry-on", "requests.exceptions.Timeout"]
    assert asyncgen("add-task", "send_invoice", *flags).code == 0
    return service


def test_its_output(added: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("remove-task", "SendInvoice")
    assert (ran.code, ran.out, ran.err) == (0, f"Removed send_invoice:\n  {TASK}\n  {TEST}\n", "")
    assert left(added) == []


def test_dry_run_and_json(added: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("remove-task", "send_invoice", "--dry-run")
    assert ran.out == f"Would remove send_invoice:\n  {TASK}\n  {TEST}\n"
    assert left(added) == [TASK, TEST]
    ran = asyncgen("remove-task", "send_invoice", "--json")
    assert json.loads(ran.out) == {"task": "send_invoice", "files": [TASK, TEST], "dry_run": False}
    assert left(added) == []


@pytest.mark.parametrize("path", [TASK, TEST])
@pytest.mark.parametrize(("old", "new"), [("\n", "\n# mine\n"), ("# asyncgen: expected 70", "# asyncgen: expected 71")])
def test_an_edited_task_stays_unless_forced(added: Path, asyncgen: Asyncgen, path: str, old: str, new: str) -> None:
    text = (added / path).read_text()
    (added / path).write_text(text.replace(old, new, 1) if old in text else text + new)
    ran = asyncgen("remove-task", "send_invoice")
    assert ran.code == 2
    assert ran.err == (
        f"asyncgen: expected {path} to be as asyncgen add-task made it, got: edits, which would be lost; "
        "keep it, or use --force\n"
    )
    assert left(added) == [TASK, TEST]
    assert asyncgen("remove-task", "send_invoice", "--force").code == 0
    assert left(added) == []


def test_a_task_without_a_record_stays(added: Path, asyncgen: Asyncgen) -> None:
    (added / TASK).write_text("mine\n")
    assert asyncgen("remove-task", "send_invoice").code == 2
    assert left(added) == [TASK, TEST]


def test_line_ends_that_git_turned_are_no_edits(added: Path, asyncgen: Asyncgen) -> None:
    for path in (TASK, TEST):
        content = (added / path).read_bytes().replace(b"\n", b"\r\n")
        (added / path).write_bytes(content)
    assert asyncgen("remove-task", "send_invoice").code == 0


def test_a_task_of_an_earlier_release_is_compared_with_that_release(
    added: Path, template: Path, asyncgen: Asyncgen
) -> None:
    (template / "template/task/src/{{package}}/tasks/{{name}}.py.jinja").write_text("newer\n")
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", template, *identity, "commit", "-qam", "Release 0.2.0"], check=True)
    head = subprocess.check_output(["git", "-C", template, "rev-parse", "HEAD"], text=True)
    answers = added / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("_commit: ", f"_commit: {head.strip()} #"))
    assert asyncgen("remove-task", "send_invoice").code == 0


def test_a_release_out_of_reach_is_refused(added: Path, template: Path, asyncgen: Asyncgen) -> None:
    shutil.rmtree(template)
    ran = asyncgen("remove-task", "send_invoice")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert left(added) == [TASK, TEST]


@pytest.mark.parametrize("name", ["send_letter", "../../settings", "__init__"])
def test_what_is_no_task_is_refused(added: Path, asyncgen: Asyncgen, name: str) -> None:
    ran = asyncgen("remove-task", name)
    assert ran.code == 2
    assert ran.err == f"asyncgen: expected a task of this service, got: {name}; its tasks are send_invoice\n"
    assert (added / "src/shop/settings.py").exists()
