"""The examples of docs/develop are what their pages show, apply to this repository, and do what they are for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import commit, git, write

from . import examples
from .building import ROOT

PROOF = {
    "question": (
        "tests/template/test_questions.py::test_a_license_is_a_field_of_the_project[MIT-MIT]",
        "tests/template/test_matrix.py::test_every_question_is_an_axis",
        "tests/cli/test_new.py::test_every_question_has_a_flag",
        "tests/cli/test_new.py::test_a_flag_names_the_choices_of_its_question[license_id]",
    ),
    "runtime-part": (
        "tests/runtime/observability/test_slow.py",
        "tests/runtime/test_imports.py::test_the_runtime_keeps_the_order",
        "tests/template/test_matrix.py::test_every_question_is_an_axis",
        "tests/cli/test_new.py::test_a_flag_names_the_choices_of_its_question[observe]",
    ),
    "rule": (
        "tests/check/rules/test_sleeping.py",
        "tests/check/test_docs.py",
        "tests/test_architecture.py::test_check_imports_in_one_direction",
    ),
    "alert": (
        "tests/alerts/test_queries.py",
        "tests/alerts/test_rules.py::test_each_fault_raises_its_alert_in_time_and_no_other_one",
        "--deselect=tests/alerts/test_queries.py::test_each_query_asks_for_what_the_processes_export",
    ),
}
"""For each example its own tests, and cheap ones of those that guard such a thing."""

SLOW = ("alert", "runtime-part")


@pytest.mark.parametrize("name", examples.NAMES)
def test_the_page_shows_the_example(name: str) -> None:
    assert examples.shown(name) == [examples.diff(name).read_text()], f"put the diff into the page of {name}"


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in examples.NAMES],
)
def test_the_example_applies_and_does_what_it_is_for(name: str, tmp_path: Path) -> None:
    copy = repository(tmp_path)
    applied = subprocess.run(["git", "apply", examples.diff(name)], cwd=copy, capture_output=True, text=True)
    assert applied.returncode == 0, f"{examples.advice(name)}\n{applied.stderr}"
    env = {each: value for each, value in os.environ.items() if not each.startswith("PYTEST_")}
    env["PYTHONPATH"] = str(copy / "generator")
    unused = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    command = [sys.executable, "-m", "pytest", "--quiet", *unused, *PROOF[name]]
    ran = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, f"the example of docs/develop/{name}.md does not hold\n{ran.stdout[-6000:]}{ran.stderr}"


def repository(folder: Path) -> Path:
    """A copy of the files that git knows, and that are there."""
    for path in git(ROOT, "ls-files", "-z").split("\0"):
        if path and (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    return folder


def test_an_example_is_made_anew_from_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = "# Rule\n\n```diff\nold\n```\n\nEnd.\n"
    write(tmp_path, {"docs/develop/rule.md": page, "docs/develop/rule.diff": "old\n", "a.py": "a = 1\n"})
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    monkeypatch.setattr(examples, "ROOT", tmp_path)
    monkeypatch.setattr(examples, "FOLDER", tmp_path / "docs/develop")
    assert examples.main("rule") == 2
    write(tmp_path, {"a.py": "a = 2\n", "b.py": "b = 1\n", "tests/template/golden/README.md": "made\n"})
    assert examples.main("rule") == 0
    made = examples.diff("rule").read_text()
    assert "+a = 2\n" in made
    assert "+b = 1\n" in made
    assert "+made" not in made
    assert examples.shown("rule") == [made]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "a.py", "docs"]
    git(tmp_path, "apply", "docs/develop/rule.diff")
