"""contract.yaml of a service: right when it is made, kept so by the service's tests, Makefile and CI."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support import commit, git, write

from .rendering import AXES, NAMES, ROOT, render

STORES = AXES["idempotency_store"]
SERVICES = [
    {"broker": broker, "queue_layout": layout, "idempotency_store": STORES[number % 2], **NAMES[number % len(NAMES)]}
    for number, (broker, layout) in enumerate(itertools.product(AXES["broker"], AXES["queue_layout"]))
]
"""Each broker with each layout and each store; and one whose name YAML takes for a bool."""
SERVICES[-1] |= {"service_name": "on", "package": "on"}


def test_a_new_service_s_contract_is_what_its_command_prints(tmp_path: Path) -> None:
    services = [render(tmp_path / str(number), answers) for number, answers in enumerate(SERVICES)]
    command = [sys.executable, "-m", "tests.template.printed", *map(str, services)]
    subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, check=True)
    for service in services:
        assert (service / "contract.yaml").read_text() == (service / "printed.yaml").read_text()


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return render(tmp_path / "shop", {"service_name": "shop"})


def outcome(service: Path) -> str:
    """What the service's own tests of its files print."""
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "tests/test_queues.py"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": "src"}
    return subprocess.run(command, cwd=service, env=env, capture_output=True, text=True, check=False).stdout


def test_the_service_s_tests_compare_the_files_with_tasks_and_queues(service: Path) -> None:
    """What `test_generated` sees pass fails where they differ."""
    task = service / "src/shop/tasks/send_welcome.py"
    task.write_text(task.read_text().replace("user_id: int", "user_id: str"))
    table = service / "src/shop/queues.py"
    table.write_text(table.read_text().replace("max_runtime=300", "max_runtime=310"))
    printed = outcome(service)
    assert "AssertionError: run `make contract` and commit contract.yaml\n" in printed
    assert "AssertionError: run `asyncgen sync-queues`\n" in printed
    parts = "'the table of README.md', 'the diagram of README.md', 'the workers of compose.yaml'"
    assert f"assert [{parts}] == []" in printed
    (service / "contract.yaml").write_text("<<<<<<< ours\n")
    assert "run `make contract`" in outcome(service)


@pytest.mark.parametrize(
    ("ci", "there", "written"), [("", True, True), ("true", True, False), ("true", False, True), ("", False, True)]
)
def test_make_test_writes_it_unless_ci_has_one(ci: str, there: bool, written: bool, service: Path) -> None:
    if not there:
        (service / "contract.yaml").unlink()
    command = [shutil.which("make") or "make", "--dry-run", "test"]
    env = {"PATH": os.environ["PATH"], "CI": ci}
    lines = subprocess.run(
        command, cwd=service, env=env, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert lines[-1] == ".venv/bin/python -m pytest"
    assert (lines[-2] == ".venv/bin/python -m shop contract --write") is written


# ---- CI ----

LABEL = "breaking-contract"


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository whose branch `change` makes a user's id a str, which `merged` merges into `main`."""
    origin = render(tmp_path / "origin", {"service_name": "shop"})
    git(origin, "init", "--quiet", "--initial-branch", "main")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    commit(origin, "Base")
    git(origin, "checkout", "--quiet", "-b", "change")
    contract = origin / "contract.yaml"
    contract.write_text(contract.read_text().replace("{type: integer}", "{type: string}"))
    commit(origin, "Change")
    git(origin, "checkout", "--quiet", "-b", "merged", "main")
    git(origin, "merge", "--quiet", "--no-ff", "--message", "Merge", "change")
    return origin


def run(script: str, clone: Path, **variables: str) -> tuple[int, str]:
    """Run commands of a pipeline in a clone, with the environment and the asyncgen of this repository."""
    write(clone, {".venv/bin/python": f'#!/bin/sh\nexec {sys.executable} "$@"\n', ".venv/.installed": ""})
    (clone / ".venv/bin/python").chmod(0o755)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": path, "PYTHONPATH": "src", "HOME": str(clone), **variables}
    ran = subprocess.run(["bash", "-ec", script], cwd=clone, env=env, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_github_names_what_a_pull_request_would_break(origin: Path, tmp_path: Path) -> None:
    workflow = yaml.safe_load((origin / ".github/workflows/ci.yml").read_text())
    assert {"labeled", "unlabeled"} < set(workflow[True]["pull_request"]["types"])  # YAML 1.1 reads `on` so
    steps = workflow["jobs"]["test"]["steps"]
    (gate,) = [step for step in steps if "contract-diff" in step.get("run", "")]
    label = f"!contains(github.event.pull_request.labels.*.name, '{LABEL}')"
    assert gate["if"] == f"github.event_name == 'pull_request' && {label}"
    depth = str(steps[0]["with"]["fetch-depth"])

    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", depth, "--branch", "merged", origin.as_uri(), str(clone))
    code, printed = run(gate["run"], clone)
    assert (code, printed.count("\n    fix: ")) == (2, 1), printed
    assert "send_welcome: argument-narrowed" in printed
    shutil.rmtree(clone / ".venv")
    git(clone, "checkout", "--quiet", "HEAD^1")
    git(clone, "rm", "--quiet", "contract.yaml")
    git(clone, "commit", "--quiet", "--message", "No contract")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "The same")
    shutil.copy(origin / "contract.yaml", clone)
    code, printed = run(gate["run"], clone)
    assert code == 0, printed
    assert "nothing to compare with" in printed


def test_gitlab_names_what_a_merge_request_would_break(tmp_path: Path, origin: Path) -> None:
    service = render(tmp_path / "gitlab", {"service_name": "shop", "ci": "gitlab"})
    job = yaml.safe_load((service / ".gitlab-ci.yml").read_text())["contract"]
    accepted, wanted = job["rules"]
    assert accepted == {"if": f"$CI_MERGE_REQUEST_LABELS =~ /(^|,){LABEL}(,|$)/", "when": "never"}
    assert wanted == {"if": "$CI_MERGE_REQUEST_DIFF_BASE_SHA"}
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--branch", "change", origin.as_uri(), str(clone))
    base = git(origin, "rev-parse", "main").strip()
    code, printed = run("\n".join(job["script"]), clone, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert code == 2, printed
    assert "send_welcome: argument-narrowed" in printed
