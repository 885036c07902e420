"""`asyncgen remove-task`: removes what add-task made, and nothing that a user wrote."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asyncgen.releases import files_at, release_commits
from tests.support import commit

ROOT = Path(__file__).parents[2]
TASK, TEST = "src/shop/tasks/send_invoice.py", "tests/tasks/test_send_invoice.py"
STUB = "src/shop/tasks/__init__.pyi"
Asyncgen = Callable[..., Any]


def left(folder: Path) -> list[str]:
    return [path for path in (TASK, TEST) if (folder / path).exists()]


@pytest.fixture
def earlier(template: Path, service: Path, tmp_path: Path) -> Path:
    """Gives the template, and a service of it, the tasks of an earlier release; a path for it to move to."""
    for path, file in files_at(ROOT, release_commits(ROOT)["0.2.1"], ["template/task"]).items():
        (template / path).write_bytes(file.content)
    answers = service / ".copier-answers.yml"
    recorded = f"_commit: '{commit(template, 'Release 0.2.1')}'"
    answers.write_text(re.sub(r"(?m)^_commit: .*$", recorded, answers.read_text()))
    return tmp_path / "moved"


@pytest.fixture
def added(service: Path, asyncgen: Asyncgen) -> Path:
    """A service with a task of many answers."""
    flags = ["--arg", "ids:list[UUID]", "--arg", "at:date", "--key", "at,ids", "--expected", "70"]
    flags += ["--retry-on", "smtplib.SMTPException", "--retry-on", "requests.exceptions.Timeout"]
    assert asyncgen("add-task", "send_invoice", *flags).code == 0
    return service


def test_its_output(added: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("remove-task", "SendInvoice")
    assert (ran.code, ran.out, ran.err) == (0, f"Removed send_invoice:\n  {TASK}\n  {TEST}\n  {STUB}: its line\n", "")
    assert left(added) == []


@pytest.mark.parametrize(
    "line", ["from .tasks import send_invoice", "from .tasks.send_invoice import send_invoice as sent"]
)
def test_a_task_that_another_file_imports_stays(added: Path, asyncgen: Asyncgen, line: str) -> None:
    (added / "src/shop/api.py").write_text(f"{line}\n")
    for force in [], ["--force"]:
        ran = asyncgen("remove-task", "send_invoice", *force)
        assert (ran.code, ran.err) == (
            2,
            "asyncgen: expected a task that no other file imports, got: send_invoice, which src/shop/api.py imports; "
            "take it out of there first, and out of its tests\n",
        )
    assert left(added) == [TASK, TEST]


def test_dry_run_and_json(added: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("remove-task", "send_invoice", "--dry-run")
    assert ran.out == f"Would remove send_invoice:\n  {TASK}\n  {TEST}\n  {STUB}: its line\n"
    assert left(added) == [TASK, TEST]
    ran = asyncgen("remove-task", "send_invoice", "--json")
    assert json.loads(ran.out) == {
        "task": "send_invoice",
        "files": [TASK, TEST],
        "edits": [{"file": STUB, "outcome": "done", "advice": ""}],
        "dry_run": False,
    }
    assert left(added) == []


@pytest.mark.parametrize("path", [TASK, TEST])
@pytest.mark.parametrize(("old", "new"), [("\n", "\n# mine\n"), (" sha256:", " sha256:0")])
def test_an_edited_task_stays_unless_forced(added: Path, asyncgen: Asyncgen, path: str, old: str, new: str) -> None:
    text = (added / path).read_text()
    (added / path).write_text(text.replace(old, new, 1))
    ran = asyncgen("remove-task", "send_invoice")
    assert ran.code == 2
    assert ran.err == (
        f"asyncgen: expected {path} to be as asyncgen add-task made it, got: edits, which would be lost; "
        "keep it, or use --force\n"
    )
    assert left(added) == [TASK, TEST]
    assert asyncgen("remove-task", "send_invoice", "--force").code == 0
    assert left(added) == []


def test_a_task_without_a_digest_stays(added: Path, asyncgen: Asyncgen) -> None:
    (added / TASK).write_text("mine\n")
    assert asyncgen("remove-task", "send_invoice").code == 2
    assert left(added) == [TASK, TEST]


def test_line_ends_that_git_turned_are_no_edits(added: Path, asyncgen: Asyncgen) -> None:
    for path in (TASK, TEST):
        content = (added / path).read_bytes().replace(b"\n", b"\r\n")
        (added / path).write_bytes(content)
    assert asyncgen("remove-task", "send_invoice").code == 0


def test_a_record_of_an_earlier_release_needs_that_release(
    earlier: Path, added: Path, template: Path, asyncgen: Asyncgen
) -> None:
    template.rename(earlier)
    ran = asyncgen("remove-task", "send_invoice")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert f"to be at {template}, got: no such folder; name a clone of it with --template" in ran.err
    assert left(added) == [TASK, TEST]
    assert asyncgen("remove-task", "send_invoice", "--template", str(earlier)).code == 0
    assert left(added) == []


def test_no_template_is_needed(added: Path, template: Path, asyncgen: Asyncgen) -> None:
    shutil.rmtree(template)
    assert asyncgen("remove-task", "send_invoice").code == 0


@pytest.mark.parametrize("name", ["send_letter", "../../settings", "__init__"])
def test_what_is_no_task_is_refused(added: Path, asyncgen: Asyncgen, name: str) -> None:
    ran = asyncgen("remove-task", name)
    assert ran.code == 2
    assert ran.err == f"asyncgen: expected a task of this service, got: {name}; its tasks are send_invoice\n"
    assert (added / "src/shop/settings.py").exists()
