"""`asyncgen doctor` in a whole service: what it finds is what the pipeline would say."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .commands import asyncgen


def findings() -> dict[str, Any]:
    return {row["subject"]: row for row in json.loads(asyncgen("doctor", "--json").out)}


def test_a_new_service_fails_nothing(service: Path) -> None:
    ran = asyncgen("doctor")
    assert (ran.code, ran.err) == (0, "")
    rows = findings()
    assert not [row for row in rows.values() if not row["ok"]]
    for subject in ("asyncgen check", "queue table", "contract.yaml", "release"):
        assert (rows[subject]["warning"], rows[subject]["unknown"]) == (False, False)
    assert {"rabbitmq", "postgresql", "docker"} < rows.keys()
    assert "redis" not in rows
    assert rows["ruff"]["unknown"]
    assert (rows["lint and tests"]["unknown"], rows["lint and tests"]["fix"]) == (True, "make lint check test")


def test_unwritten_tasks_are_named(service: Path) -> None:
    assert findings()["unwritten tasks"]["fix"] == "${EDITOR:-vi} src/shop/tasks/send_welcome.py"
    path = service / "src/shop/tasks/send_welcome.py"
    path.write_text(path.read_text().replace('"send_welcome is not written yet', '"welcome'))
    row = findings()["unwritten tasks"]
    assert (row["warning"], row["detail"]) == (False, "none of 1")


def test_conflicts_that_an_update_left_open(service: Path) -> None:
    assert findings()["conflicts"]["detail"] == "no update left any"
    marked = "One.\n<<<<<<< before updating\nTwo.\n=======\n2\n>>>>>>> after updating\n"
    (service / "README.md").write_text(marked)
    row = findings()["conflicts"]
    assert (row["ok"], row["fix"]) == (False, "git diff")
    assert row["detail"] == "expected none that an update left to be open, got: README.md:2"
    shutil.rmtree(service / ".git")
    assert findings()["conflicts"]["unknown"]


def test_a_queue_table_that_files_do_not_agree_with(service: Path) -> None:
    table = service / "src/shop/queues.py"
    table.write_text(table.read_text().replace("1500", "1400"))
    row = findings()["queue table"]
    assert (row["ok"], row["fix"]) == (False, "asyncgen sync-queues")
    assert "compose.yaml" in row["detail"]
    assert asyncgen("sync-queues").code == 0
    assert findings()["queue table"]["ok"]


def test_what_asyncgen_check_finds(service: Path) -> None:
    path = service / "src/shop/tasks/send_welcome.py"
    path.write_text(path.read_text().replace("retry_backoff", "retry_backof").replace("time_limit=30,", ""))
    assert asyncgen("doctor").code == 1
    row = findings()["asyncgen check"]
    assert not row["ok"]
    assert "ACG1" in row["detail"]


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ("time_limit=30", "time_limit=31", "time_limit of send_welcome is 31, and 30 in it"),
        ("user_id", "customer_id", "the arguments of send_welcome are customer_id, and user_id in it, and 1 more"),
        ("def send_welcome", "def welcome", "welcome is not in it, and 1 more difference"),
        ('key=("user_id",)', "key=()", "the key of send_welcome is none, and user_id in it"),
    ],
)
def test_a_contract_that_is_behind_the_code(service: Path, old: str, new: str, detail: str) -> None:
    path = service / "src/shop/tasks/send_welcome.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    row = findings()["contract.yaml"]
    assert (row["ok"], row["fix"]) == (False, "make contract")
    assert detail in row["detail"]


def test_what_the_contract_has_by_other_names_is_no_difference(service: Path) -> None:
    path, contract = service / "src/shop/tasks/send_welcome.py", service / "contract.yaml"
    text = path.read_text().replace("user_id", "customer_id")
    path.write_text(
        text.replace("    bind=True,\n", '    bind=True,\n    former_arguments={"user_id": "customer_id"},\n')
    )
    document = contract.read_text()
    contract.write_text(
        document.replace("user_id: {type: integer}", "user_id: {type: integer, x-argument: customer_id}")
    )
    assert findings()["contract.yaml"]["ok"]
    base = service / "src/shop/task.py"
    base.write_text(base.read_text().replace("    abstract = True\n", "    abstract = True\n    max_retries = 3\n"))
    path.write_text(path.read_text().replace("    max_retries=5,\n", ""))
    assert not findings()["contract.yaml"]["ok"]
    contract.write_text(contract.read_text().replace("max_retries: 5", "max_retries: 3"))
    assert findings()["contract.yaml"]["ok"]


def test_ruff_of_an_environment_that_is_trusted(service: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], check=True)
    (service / ".venv/bin/ruff").symlink_to(Path(sys.executable).with_name("ruff"))
    row = findings()["ruff"]
    assert (row["ok"], row["unknown"], row["detail"]) == (True, False, "format and rules hold")
    path = service / "src/shop/settings.py"
    path.write_text(f"import  os\n{path.read_text()}")
    row = findings()["ruff"]
    assert (row["ok"], row["detail"], row["fix"]) == (
        False,
        "expected every file to be as ruff format writes it, got: another format",
        "make format",
    )
    path.write_text(f"import os\n\n{path.read_text().removeprefix('import  os').lstrip()}")
    detail = findings()["ruff"]["detail"]
    assert detail.startswith("src/shop/settings.py:")


def test_below_the_root_commands_go_there(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(service / "tests")
    assert findings()["lint and tests"]["fix"] == f"cd {service} && make lint check test"
