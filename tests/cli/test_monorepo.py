"""A service in a subfolder of a git repository: no repository in a repository, and every command works there."""

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support import Ran, commit, git, write

Asyncgen = Callable[..., Ran]


@pytest.fixture
def repository(workdir: Path) -> Path:
    """A git repository of other things, whose folder `services` is for services; the current folder."""
    git(workdir, "init", "--quiet", "--initial-branch=main")
    write(workdir, {"services/README.md": "Services.\n", ".gitignore": "tmp/\n"})
    commit(workdir)
    return workdir


def test_a_work_tree_gets_no_repository_within_it(template: Path, repository: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("new", "services/shop", "--defaults")
    assert (ran.code, ran.err) == (0, "")
    assert f"It is a part of the git repository at {repository}: no other was made; commit it there." in ran.out
    assert not (repository / "services/shop/.git").exists()
    # Nothing outside of the new folder, and files instead of a gitlink.
    assert git(repository, "status", "--porcelain") == "?? services/shop/"
    commit(repository)
    assert "160000" not in git(repository, "ls-tree", "-r", "HEAD")
    answers = yaml.safe_load((repository / "services/shop/.copier-answers.yml").read_text())
    assert answers["subfolder"] == "services/shop"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_folder_of_two_lines_is_refused_in_one(
    template: Path, repository: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "two\nlines").mkdir()
    monkeypatch.chdir(repository / "two\nlines")
    ran = asyncgen("new", "shop", "--defaults")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(
        "asyncgen: expected subfolder to be a path below the root of letters that neither a shell"
    )


def test_the_advice_is_where_ci_has_to_go(template: Path, repository: Path, asyncgen: Asyncgen) -> None:
    workflow = repository / "services/shop/.github/workflows/ci.yml"
    ran = asyncgen("new", "services/shop", "--defaults")
    assert f"  cp {workflow} {repository}/.github/workflows/shop.yml\n" in ran.out
    data = json.loads(asyncgen("new", "services/billing", "--ci", "gitlab", "--json").out)
    assert data["work_tree"] == str(repository)
    assert not data["committed"]
    added = yaml.safe_load("\n".join(data["advice"][1:4]))
    assert added == {
        "billing": {
            "trigger": {"include": "services/billing/.gitlab-ci.yml", "strategy": "depend"},
            "rules": [{"changes": ["services/billing/**/*"]}],
        }
    }
    assert json.loads(asyncgen("new", "services/none", "--ci", "none", "--json").out)["advice"] == []


def test_the_replay_finds_the_folder_anew_and_keeps_no_git(
    template: Path, repository: Path, asyncgen: Asyncgen
) -> None:
    ran = asyncgen("new", "services/shop", "--defaults", "--no-git")
    replay = ran.out.splitlines()[-1].strip()
    assert replay == "asyncgen new services/shop --defaults --service-name shop --package shop --no-git"
    stated = asyncgen("new", "services/other", "--defaults", "--subfolder", "elsewhere/other")
    words = shlex.split(stated.out.splitlines()[-1])
    assert words[words.index("--subfolder") + 1] == "elsewhere/other"


def test_a_folder_that_the_work_tree_ignores_gets_a_repository(
    template: Path, repository: Path, asyncgen: Asyncgen
) -> None:
    (repository / "tmp").mkdir()
    ran = asyncgen("new", "tmp/shop", "--defaults")
    assert "in a new git repository" in ran.out
    assert (repository / "tmp/shop/.git").is_dir()
    assert yaml.safe_load((repository / "tmp/shop/.copier-answers.yml").read_text())["subfolder"] == ""


def test_a_task_is_added_and_removed_there(
    template: Path, repository: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncgen("new", "services/shop", "--defaults")
    commit(repository)
    monkeypatch.chdir(repository / "services/shop")
    assert asyncgen("add-task", "send_invoice").code == 0
    assert git(repository, "status", "--porcelain", "--untracked-files=all").split() == [
        *("??", "services/shop/src/shop/tasks/__init__.pyi"),
        *("??", "services/shop/src/shop/tasks/send_invoice.py"),
        *("??", "services/shop/tests/tasks/test_send_invoice.py"),
    ]
    assert asyncgen("remove-task", "send_invoice").code == 0
    assert git(repository, "status", "--porcelain") == ""
