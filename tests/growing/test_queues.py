"""`asyncgen add-queue` and `sync-queues`: one line, and all that is derived from it; people's edits stay."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.template.manifests import build, problems

from .commands import asyncgen, tree

DERIVED = ["README.md", "compose.yaml", "kubernetes/workers.yaml"]


def changed() -> list[str]:
    return sorted(
        line[3:] for line in subprocess.check_output(["git", "status", "--porcelain"], text=True).splitlines()
    )


def test_a_queue_is_one_line_and_what_follows(service: Path) -> None:
    ran = asyncgen("add-queue", "Reports", "--longest", "900", "--concurrency", "4", "--pool", "threads")
    assert (ran.code, ran.err) == (0, "")
    assert changed() == sorted([*DERIVED, "compose.override.yaml", "src/shop/queues.py"])
    line = '    REPORTS = QueueClass("reports", max_runtime=900, concurrency=4, pool="threads")\n'
    assert (service / "src/shop/queues.py").read_text().endswith(line)
    compose = yaml.safe_load((service / "compose.yaml").read_text())
    worker = compose["services"]["worker-reports"]
    assert (worker["command"], worker["stop_grace_period"]) == (["worker", "--queue", "reports"], "920s")
    assert "  worker-reports: *development\n" in (service / "compose.override.yaml").read_text()
    deployment, scaled, budget = manifests(service)["shop-worker-reports"]
    assert problems(build(service / "kubernetes")) == []
    pod = deployment["spec"]["template"]["spec"]
    assert (pod["containers"][0]["args"], pod["terminationGracePeriodSeconds"]) == (worker["command"], 920)
    assert scaled["spec"]["scaleTargetRef"]["name"] == budget["metadata"]["name"] == "shop-worker-reports"
    assert scaled["spec"]["triggers"][0]["metadata"]["queueName"] == "shop.reports"
    assert "| `reports` | 900 s |" in (service / "README.md").read_text()
    assert "QUEUES" not in asyncgen("add-task", "do_report", "--bound", "io").err


def test_files_with_crlf_keep_it(service: Path) -> None:
    """As Git for Windows checks them out; what is new has LF."""
    files = [service / path for path in subprocess.check_output(["git", "ls-files"], text=True).split()]
    for file in files:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    before = {file: file.read_bytes() for file in files}
    for command in (["add-queue", "reports", "--longest", "900"], ["add-task", "report", "--queue", "REPORTS"]):
        assert asyncgen(*command).code == 0
    edited = [file for file in files if file.read_bytes() != before[file]]
    assert {file.name for file in edited} >= {"README.md", "queues.py", "compose.yaml", "workers.yaml", "__init__.pyi"}
    for file in edited:
        assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n"), file
    assert b"\r" not in (service / "src/shop/tasks/report.py").read_bytes()


def manifests(service: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in yaml.safe_load_all((service / "kubernetes/workers.yaml").read_text()):
        if each:
            found.setdefault(each["metadata"]["name"], []).append(each)
    return found


@pytest.mark.parametrize(
    ("last", "keyword"),
    [("max_runtime=1500", "max_runtime"), ("longest_run=1500", "longest_run"), ("1500", "longest_run")],
)
def test_a_queue_is_written_with_the_keyword_of_the_last_one(service: Path, last: str, keyword: str) -> None:
    table = service / "src/shop/queues.py"
    text = table.read_text().replace("max_runtime=30)", "longest_run=30)").replace("max_runtime=1500", last)
    table.write_text(text)
    ran = asyncgen("add-queue", "reports", "--longest", "900", "--prefetch", "2")
    assert (ran.code, ran.err) == (0, "")
    assert table.read_text().endswith(f'    REPORTS = QueueClass("reports", {keyword}=900, prefetch=2)\n')
    assert {"| `critical` | 30 s |", "| `bulk` | 1500 s |"} <= set((service / "README.md").read_text().splitlines())
    readme = service / "README.md"
    readme.write_text(readme.read_text().replace("| queue | max runtime |", "| queue | longest run |"))
    assert asyncgen("sync-queues").out.startswith("Nothing to do for ")


def test_twice_is_already_there(service: Path) -> None:
    asyncgen("add-queue", "reports", "--longest", "900")
    before = tree(service)
    ran = asyncgen("add-queue", "reports", "--longest", "900", "--json")
    assert (ran.code, {row["outcome"] for row in json.loads(ran.out)["files"]}) == (0, {"already"})
    assert asyncgen("sync-queues").out.startswith("Nothing to do for ")
    assert tree(service) == before


def test_dry_run_changes_nothing(service: Path) -> None:
    before = tree(service)
    assert asyncgen("add-queue", "reports", "--longest", "900", "--dry-run").out.startswith(
        "Would write queue REPORTS:"
    )
    assert tree(service) == before


def test_a_line_that_was_changed_by_hand_is_followed(service: Path) -> None:
    table = service / "src/shop/queues.py"
    table.write_text(table.read_text().replace("max_runtime=300", "longest_run=10 * 60"))
    ran = asyncgen("sync-queues")
    assert ran.code == 0
    assert changed() == [*DERIVED, "src/shop/queues.py"]
    compose = yaml.safe_load((service / "compose.yaml").read_text())
    assert compose["services"]["worker-default"]["stop_grace_period"] == "620s"
    assert (
        manifests(service)["shop-worker-default"][0]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 620
    )
    assert "| `default` | 600 s |" in (service / "README.md").read_text()


def test_the_service_s_own_test_sees_manifests_that_differ_from_the_table(service: Path) -> None:
    file = service / "kubernetes/workers.yaml"
    program = "from shop.runtime.testing import queue_differences as q; from pathlib import Path; print(q(Path('.')));"
    file.write_text(file.read_text().replace("terminationGracePeriodSeconds: 320", "terminationGracePeriodSeconds: 32"))
    planted = f"{program} import sys; Path('{file}').write_text(sys.stdin.read()); print(q(Path('.')))"
    good = file.read_text().replace("terminationGracePeriodSeconds: 32\n", "terminationGracePeriodSeconds: 320\n")
    env = os.environ | {"PYTHONPATH": "src"}
    said = subprocess.check_output([sys.executable, "-c", planted], input=good, text=True, env=env)
    assert said.splitlines() == ["['the workers of kubernetes/workers.yaml']", "[]"]


def test_what_people_added_to_a_worker_stays(service: Path) -> None:
    path = service / "compose.yaml"
    path.write_text(
        path.read_text().replace("    command: [worker, --queue, bulk]\n", "    deploy:\n      replicas: 3\n")
    )
    assert asyncgen("add-queue", "reports", "--longest", "900").code == 0
    compose = yaml.safe_load(path.read_text())
    assert compose["services"]["worker-bulk"]["deploy"] == {"replicas": 3}


def test_a_long_queue_raises_rabbitmqs_consumer_timeout_everywhere(service: Path) -> None:
    ran = asyncgen("add-queue", "nightly", "--longest", "7200")
    assert "The servers need the same" in ran.out
    assert "consumer_timeout = 7260000\n" in (service / "rabbitmq.conf").read_text()
    assert "partial(RabbitmqBroker, consumer_timeout=7260)" in (service / "src/shop/app.py").read_text()
    assert "SHOP_CONSUMER_TIMEOUT=7260\n" in (service / ".env.example").read_text()


@pytest.mark.parametrize(
    ("path", "old", "advice"),
    [
        ("compose.yaml", "services:\n", "add a service to compose.yaml:\n  worker-"),
        (
            "kubernetes/workers.yaml",
            "--queue, bulk]",
            "add a Deployment of the workers of reports to kubernetes/workers",
        ),
        (
            "kubernetes/workers.yaml",
            "terminationGracePeriodSeconds: 1520",
            "give the pods of shop-worker-bulk in kuber",
        ),
        ("README.md", "| queue | max runtime |", "give README.md the table:\n| queue | max runtime |"),
        ("README.md", "```mermaid", "give README.md the diagram:\n```mermaid\nflowchart LR"),
    ],
)
def test_what_cannot_be_edited_is_reported(service: Path, path: str, old: str, advice: str) -> None:
    file = service / path
    text = file.read_text().replace(old, "gone\n")
    text = text if path != "compose.yaml" else "services: {}\n"
    file.write_text(text)
    ran = asyncgen("add-queue", "reports", "--longest", "900")
    assert ran.code == 1
    assert f"  {path}: to be done by hand\n" in ran.out
    assert advice in ran.out
    assert file.read_text() == text
    assert "REPORTS" in (service / "src/shop/queues.py").read_text()


def test_a_worker_whose_queue_is_gone_is_reported(service: Path) -> None:
    table = service / "src/shop/queues.py"
    table.write_text("".join(line for line in table.read_text().splitlines(True) if "BULK" not in line))
    ran = asyncgen("sync-queues")
    assert ran.code == 1
    for file, name in (
        ("compose", "worker-bulk"),
        ("compose.override", "worker-bulk"),
        ("kubernetes/workers", "shop-worker-bulk"),
    ):
        assert f"take {name} out of {file}.yaml: no queue of the table has that name" in ran.out


def test_a_name_that_is_taken_is_refused(service: Path) -> None:
    before = tree(service)
    ran = asyncgen("add-queue", "default", "--longest", "900")
    assert ran.code == 2
    assert ran.err == (
        "asyncgen: expected default to be a new queue, got: DEFAULT of 300 s; take another name, or change its line in "
        "src/shop/queues.py and run asyncgen sync-queues\n"
    )
    assert tree(service) == before
