"""The printed command undoes the update and nothing else, from whatever folder it is run."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, commit, git, write

from .planted import FIRST, PACKAGE, release, snapshot

Command = Callable[..., Ran]
NEWER: dict[str, str | None] = {
    "template/service/README.md.jinja": FIRST["template/service/README.md.jinja"] + "More.\n",
    "template/service/run.sh": None,
    "template/service/generated/deep/report.txt": "new, in a folder that the user ignores\n",
    "template/service/notes.log": "new, ignored by the user's own settings\n",
    f'{PACKAGE}/new folder/it\'s "new" $HOME.txt': "quotes\n",
    f"{PACKAGE}/-f": "a dash\n",
    f"{PACKAGE}/größe.txt": "letters\n",
    f"{PACKAGE}/dropped.py": None,
}


def state(project: Path) -> object:
    """Files, folders and their modes, what git has staged, and what it ignores or does not track."""
    modes = {path: stat.S_IMODE((project / path).lstat().st_mode) for path in snapshot(project)}
    return snapshot(project), modes, git(project, "ls-files", "-s"), git(project, "status", "--porcelain", "--ignored")


def roll_back(printed: str, folder: Path) -> None:
    done = subprocess.run(["sh", "-c", printed], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def lived_in(service: Path, home: Path) -> Path:
    """A service with ignored, untracked and uncommitted files, and ignore rules of two kinds."""
    (home / "config/git").mkdir(parents=True)
    (home / "config/git/ignore").write_text("*.log\n")
    write(service, {".gitignore": "generated/\n.venv/\n.env\n"})
    commit(service)
    mine = {".env": "secret\n", ".venv/lib/x.py": "x\n", "mine.txt": "mine\n", "src/shop/times.py": "mine\n"}
    write(service, {**mine, "staged.txt": "staged\n"})
    git(service, "add", "staged.txt")
    return service


@pytest.mark.parametrize("folder", [".", "src/shop", "..", "/"])
def test_from_whatever_folder(
    template: Path, lived_in: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    before = state(lived_in)
    release(template, "0.2.0", NEWER)
    monkeypatch.chdir(lived_in / "src")
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert (lived_in / "generated/deep/report.txt").exists()
    roll_back(ran.out.splitlines()[-1].removeprefix("To undo it: "), lived_in / folder)
    assert state(lived_in) == before


def test_what_came_after_the_update_stays(template: Path, lived_in: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", NEWER)
    ran = asyncgen("update", "--json")
    assert ran.code == 0, ran.err
    later = {"generated/deep/later.txt": "later\n", "src/shop/old_name.py": "later\n"}
    write(lived_in, later)
    git(lived_in, "add", "--all")
    roll_back(json.loads(ran.out)["rollback"], lived_in)
    assert {path: (lived_in / path).read_text() for path in later} == later
    assert not (lived_in / "generated/deep/report.txt").exists()
    assert (lived_in / "run.sh").stat().st_mode & 0o111


def test_in_a_part_of_a_repository(
    template: Path, service: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = service.parent
    (service / ".git").rename(above / ".git")
    part = service.rename(above / '-- it\'s "ours", größer')
    write(above, {".gitignore": "template\n", "README.md": "above\n"})
    commit(above)
    release(template, "0.2.0", NEWER)
    write(above, {"README.md": "above, edited\n", "other/mine.txt": "mine\n"})
    before = state(above)
    monkeypatch.chdir(part)
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    roll_back(ran.out.splitlines()[-1].removeprefix("To undo it: "), above / "other")
    assert state(above) == before


def test_a_path_is_no_pattern(template: Path, service: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", {f"{PACKAGE}/[ab]*.txt": "pattern\n", f"{PACKAGE}/:(top)a.txt": "magic\n"})
    write(service, {"src/shop/a1.txt": "mine\n"})
    before = state(service)
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    roll_back(ran.out.splitlines()[-1].removeprefix("To undo it: "), service)
    assert state(service) == before


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_an_edit_that_git_overlooks_is_not_touched(template: Path, service: Path, asyncgen: Command, flag: str) -> None:
    git(service, "update-index", flag, "README.md")
    (service / "README.md").write_text("mine, and in no commit\n")
    release(template, "0.2.0", NEWER)
    before = snapshot(service)
    ran = asyncgen("update")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "got: assume-unchanged or skip-worktree for README.md; run git update-index" in ran.err
    assert snapshot(service) == before


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names that are no text")
def test_a_folder_whose_name_is_no_text(template: Path, service: Path, tmp_path: Path) -> None:
    project = service.rename(tmp_path / os.fsdecode(b"caf\xe9"))
    release(template, "0.2.0", NEWER)
    before = state(project)
    environment = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    printed = subprocess.check_output([sys.executable, "-m", "asyncgen", "update"], cwd=project, env=environment)
    roll_back(os.fsdecode(printed).splitlines()[-1].removeprefix("To undo it: "), tmp_path)
    assert state(project) == before
