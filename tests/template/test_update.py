"""Plain `copier update`: from earlier commits of this repository to what is there now, over edits and added tasks.

Edits in files that moved into the runtime are lost by it, so none are made here: all else is as in a fresh service, and
what is the user's stays. `asyncgen update` takes such edits along: see tests/update/test_migration.py.
"""

import shutil
import sys
from pathlib import Path

import pytest

from ..growing.commands import asyncgen, inside
from .commands import commit, run
from .golden import tree
from .rendering import ROOT, copy_template

COPIER = Path(sys.executable).parent / "copier"


def earlier_commits() -> list[str]:
    """The commit of each release, else the first one that renders a service; by the history, not by tags."""
    if not (ROOT / ".git").exists():
        return []
    releases = run("git", "log", "--format=%H", "--grep=^Release [0-9]", "--", "copier.yml", "pyproject.toml", cwd=ROOT)
    first = run("git", "log", "--format=%H", "--diff-filter=A", "--", "template/service/pyproject.toml.jinja", cwd=ROOT)
    return list(dict.fromkeys([*releases.split(), *first.split()[-1:]]))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository whose newest commit is the working tree."""
    clone = tmp_path_factory.mktemp("history") / "asyncgen"
    run("git", "clone", "--quiet", "--no-hardlinks", ROOT, clone, cwd=ROOT)
    shutil.rmtree(clone / "template")
    copy_template(clone)
    skeleton = clone / "template/task/src/{{package}}/tasks/{{name}}.py.jinja"
    skeleton.write_text(skeleton.read_text() + "# The skeleton has moved on.\n")
    commit(clone, "The working tree")
    return clone


def test_there_is_a_history() -> None:
    assert earlier_commits(), "expected a clone with its history, got: none; clone without --depth"


ANSWERS = {"default": (), "other": ("-d", "broker=rabbitmq", "-d", "idempotency_store=postgresql")}


def earlier_projects() -> list[object]:
    """The newest release with the default answers; all the rest is slow."""
    commits = earlier_commits()
    short = (commits[0], "default") if commits else None
    return [
        pytest.param(commit, answers, marks=[] if (commit, answers) == short else pytest.mark.slow)
        for commit in commits
        for answers in ANSWERS
    ]


@pytest.mark.parametrize(("earlier", "answers"), earlier_projects())
def test_a_project_follows_the_template(earlier: str, answers: str, repository: Path, tmp_path: Path) -> None:
    options = ["--defaults", "--template", str(repository), *ANSWERS[answers]]
    with inside(tmp_path):
        assert asyncgen("new", "myservice", *options, "--ref", earlier).code == 0
    project = tmp_path / "myservice"
    with inside(project):
        assert asyncgen("add-task", "send_invoice", "--defaults").code == 0
    (project / "src/myservice/tasks/send_welcome.py").unlink()
    (project / "tests/tasks/test_send_welcome.py").unlink()
    added = project / "src/myservice/tasks/send_invoice.py"
    added.write_text(added.read_text() + "# mine\n")
    readme = project / "README.md"
    readme.write_text(readme.read_text() + "\n## Mine\n")
    (project / "notes.txt").write_text("mine\n")
    commit(project, "Work")
    before = tree(project / "src/myservice/tasks") | tree(project / "tests/tasks")

    run(COPIER, "update", "--defaults", "--quiet", cwd=project)

    assert tree(project / "src/myservice/tasks") | tree(project / "tests/tasks") == before
    assert "\n## Mine\n" in readme.read_text(), "expected the edit to survive, if need be between conflict markers"
    assert (project / "notes.txt").read_text() == "mine\n"
    (tmp_path / "fresh").mkdir()
    with inside(tmp_path):
        assert asyncgen("new", "fresh/myservice", *options).code == 0
    fresh = tree(tmp_path / "fresh/myservice")
    tasks = ("src/myservice/tasks/send_", "src/myservice/tasks/__init__.pyi", "tests/tasks/")
    mine = ("README.md", "notes.txt", "contract.yaml", *tasks, ".git/")
    updated = {name: text for name, text in tree(project).items() if not name.startswith(mine)}
    assert updated == {name: text for name, text in fresh.items() if not name.startswith(mine)}
