"""A service in a subfolder of a git repository is updated, and its update undone, without a look at the rest of it."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncgen.journal import journal_of
from tests.support import Ran, commit, git, write

from .planted import FIRST, PACKAGE, release

Command = Callable[..., Ran]


@pytest.fixture
def monorepo(service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that has the service in services/shop, the current folder, and changes of its own elsewhere."""
    folder = tmp_path / "monorepo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    shutil.rmtree(service / ".git")
    shutil.copytree(service, folder / "services/shop", symlinks=True)
    write(folder, {"README.md": "All.\n"})
    commit(folder)
    write(folder, {"README.md": "Changed.\n", "services/new.txt": "New.\n"})
    monkeypatch.chdir(folder / "services/shop")
    return folder


def test_an_update_and_its_undoing_touch_the_subfolder_alone(template: Path, monorepo: Path, asyncgen: Command) -> None:
    readme = "template/service/README.md.jinja"
    release(template, "0.2.0", {readme: FIRST[readme] + "More.\n", f"{PACKAGE}/added.py": "ADDED = True\n"})
    elsewhere = git(monorepo, "status", "--porcelain")
    assert asyncgen("update", "--check").code == 1
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    shop = monorepo / "services/shop"
    assert (shop / "README.md").read_text().endswith("More.\n")
    assert (shop / "src/shop/added.py").exists()
    assert journal_of(shop).folder.parent == monorepo / ".git/asyncgen"
    assert journal_of(shop) != journal_of(monorepo)
    undo = ran.out.rpartition("To undo it: ")[2]
    subprocess.run(undo, shell=True, check=True, cwd="/")
    assert git(monorepo, "status", "--porcelain") == elsewhere


def test_a_repository_without_a_commit_is_not_told_to_make_another(
    template: Path, monorepo: Path, asyncgen: Command
) -> None:
    shutil.rmtree(monorepo / ".git")
    git(monorepo, "init", "--quiet")
    ran = asyncgen("update", "-d", "broker=rabbit")
    assert ran.code == 2
    assert ran.err.endswith("got: none; run git add . and git commit\n")
