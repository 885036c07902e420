"""All changes of a plan happen or none, wherever the process is killed; and nothing of a user's is overwritten."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from asyncgen.errors import Refused
from asyncgen.journal import journal_of
from asyncgen.plan import Change, apply, check, new_folder, recover, unfinished
from tests.support import git

PLAN = [Change("create", "a/one", "1\n"), Change("create", "b/c/two", "2\n"), Change("remove", "old")]


@pytest.fixture(autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where journals of folders without a repository go."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def tree(folder: Path) -> dict[str, str]:
    """The text of each file, without git's."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_all_changes_are_made(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("0\n")
    apply(tmp_path, PLAN)
    assert tree(tmp_path) == {"a/one": "1\n", "b/c/two": "2\n"}


def test_line_ends_are_the_templates(tmp_path: Path) -> None:
    apply(tmp_path, [Change("create", "file", "1\n2\r\n")])
    assert (tmp_path / "file").read_bytes() == b"1\n2\r\n"


@pytest.mark.parametrize("path", ["../out", "/out", "link/out", "a/../../out"])
def test_a_path_out_of_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(Refused, match="to stay in"):
        apply(root, [Change("create", path, "")])
    assert tree(tmp_path) == {}


def test_a_name_that_differs_in_case_alone_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "One").write_text("mine")
    with pytest.raises(Refused, match="expected a/one to be free, got: One, which differs in case alone; take another"):
        apply(tmp_path, PLAN[:2])


def test_a_file_and_a_dangling_link_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("mine")
    with pytest.raises(Refused, match="expected a/one to be free"):
        apply(tmp_path, PLAN[:2])
    assert tree(tmp_path) == {"a/one": "mine"}
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with pytest.raises(Refused):
        check(tmp_path, [Change("create", "link", "")])


def test_a_file_where_a_folder_has_to_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    with pytest.raises(Refused, match="to be a folder, got: a file"):
        apply(tmp_path, PLAN[:1])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir(mode=0o500)
    with pytest.raises(Refused, match="to be writable"):
        apply(tmp_path, PLAN[:2])
    assert tree(tmp_path) == {}


KILLED = """
import os, sys
from pathlib import Path
from asyncgen.plan import Change, apply
left = int(sys.argv[2])
def deadly(original):
    def call(*arguments, **named):
        global left
        if not left:
            os.kill(os.getpid(), 9)
        left -= 1
        return original(*arguments, **named)
    return call
os.replace, os.mkdir, os.fsync, os.unlink = map(deadly, (os.replace, os.mkdir, os.fsync, os.unlink))
apply(Path(sys.argv[1]), [
    Change("create", "a/one", "1\\n"), Change("create", "b/c/two", "2\\n"), Change("remove", "old"),
])
"""


def killed(root: Path, point: int) -> int:
    """Apply PLAN in a process that is killed at a write; its exit code."""
    root.mkdir()
    (root / "old").write_text("0\n")
    return subprocess.run([sys.executable, "-c", KILLED, str(root), str(point)], check=False).returncode


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_kill_at_any_point_leaves_the_old_or_the_new_after_the_next_run(tmp_path: Path) -> None:
    outcomes = set()
    for point in range(100):
        root = tmp_path / str(point)
        code = killed(root, point)
        note = recover(root)
        state = tree(root)
        assert state in ({"old": "0\n"}, {"a/one": "1\n", "b/c/two": "2\n"})
        assert note == "" or ("finished an interrupted run" in note and "old" not in state)
        outcomes.add("old" in state)
        assert recover(root) == ""
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert outcomes == {True, False}
    assert point > 5


@pytest.fixture
def half_done(tmp_path: Path) -> Path:
    """A folder with the first of PLAN's changes, in which the process was killed."""
    for point in range(100):
        root = tmp_path / f"half-{point}"
        killed(root, point)
        if "a/one" in tree(root):
            assert tree(root) == {"a/one": "1\n", "old": "0\n"}
            return root
    raise AssertionError("no kill hit the changes")


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("path", ["old", "a/one", "b/c/two"])
def test_what_the_user_did_after_a_kill_stays(half_done: Path, path: str) -> None:
    (half_done / path).parent.mkdir(parents=True, exist_ok=True)
    (half_done / path).write_text("mine\n")
    before = tree(half_done)
    with pytest.raises(Refused, match=f"got: another change of {path} since then"):
        recover(half_done)
    with pytest.raises(Refused, match="got: one that was killed"):
        apply(half_done, [])
    assert tree(half_done) == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_the_user_took_back_after_a_kill_is_not_done_again(half_done: Path) -> None:
    (half_done / "a/one").unlink()
    assert "was undone since" in recover(half_done)
    assert tree(half_done) == {"old": "0\n"}


def test_files_that_came_back_after_a_kill_are_not_removed_again(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    journal = journal_of(tmp_path)
    entries = journal.stage([Change("remove", "one"), Change("remove", "two")])
    (tmp_path / "one").rename(journal.folder / "0")
    assert journal.made(entries) == [True, False]
    (tmp_path / "one").write_text("one")
    assert "was undone since" in recover(tmp_path)
    assert tree(tmp_path) == {"one": "one", "two": "two"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_command_that_writes_nothing_tells_of_a_killed_one(half_done: Path) -> None:
    before = tree(half_done)
    assert "an interrupted run left 3 changes" in unfinished(half_done)
    assert tree(half_done) == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_copy_of_a_folder_with_its_journal_is_not_finished(half_done: Path) -> None:
    """An archive that somebody else packed may hold a git directory with a journal in it."""
    kept = journal_of(half_done).folder
    git(half_done, "init", "--quiet")
    journal = journal_of(half_done).folder
    journal.parent.mkdir()
    kept.rename(journal)
    copy = half_done.with_name("copy")
    shutil.copytree(half_done, copy)
    before = tree(copy)
    with pytest.raises(Refused, match="got: the journal of another folder or machine"):
        recover(copy)
    assert tree(copy) == before
    assert "finished an interrupted run" in recover(half_done)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("path", ["../outside", ".git/hooks/post-commit", "/outside", "link/outside"])
def test_a_journal_is_judged_like_a_plan(half_done: Path, path: str) -> None:
    (half_done / "link").symlink_to(half_done.parent)
    file = journal_of(half_done).folder / "journal.json"
    file.write_text(file.read_text().replace("b/c/two", path))
    before = tree(half_done)
    with pytest.raises(Refused):
        recover(half_done)
    assert tree(half_done) == before
    assert not (half_done.parent / "outside").exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"binding": {}, "entries": [1]}', '{"entries": [{"kind": "x"}]}', "\0"]
)
def test_a_journal_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    folder = journal_of(tmp_path).folder
    folder.mkdir(parents=True)
    (folder / "journal.json").write_text(text)
    with pytest.raises(Refused, match="got: a journal that cannot be read"):
        recover(tmp_path)


def test_files_that_look_like_a_git_directory_hold_no_journal(tmp_path: Path) -> None:
    """A clone may hold a bare repository among its files, whose configuration makes the clone its work tree."""
    git(tmp_path, "init", "--quiet", "--bare", ".")
    git(tmp_path, "config", "core.bare", "false")
    git(tmp_path, "config", "core.worktree", ".")
    assert not journal_of(tmp_path).folder.is_relative_to(tmp_path)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_a_git_directory_on_another_file_system(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        git(tmp_path, "init", "--quiet", f"--separate-git-dir={other}/git")
        (tmp_path / "old").write_text("0\n")
        (tmp_path / "kept").write_text("0\n")
        apply(tmp_path, [*PLAN, Change("replace", "kept", "1\n")])
        assert journal_of(tmp_path).folder.is_relative_to(other)
        (tmp_path / ".git").unlink()
        assert tree(tmp_path) == {"a/one": "1\n", "b/c/two": "2\n", "kept": "1\n"}


def test_a_new_folder_appears_at_the_end(tmp_path: Path) -> None:
    with new_folder(tmp_path / "new") as staging:
        assert staging.name == "new"
        staging.mkdir()
        (staging / "file").write_text("")
        assert not (tmp_path / "new").exists()
    assert os.listdir(tmp_path) == ["new"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_no_new_folder(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with new_folder(tmp_path / "new") as staging:
            staging.mkdir()
            raise error

    with pytest.raises(error):
        fail()
    assert os.listdir(tmp_path) == []


def test_an_error_of_another_path_is_not_the_folders(tmp_path: Path) -> None:
    with (
        pytest.raises(Refused, match="expected /nowhere/file to be accessible, got: no such file or directory"),
        new_folder(tmp_path / "new"),
    ):
        Path("/nowhere/file").read_text()


def test_a_folder_that_filled_meanwhile_is_kept(tmp_path: Path) -> None:
    def race() -> None:
        with new_folder(tmp_path / "new") as staging:
            staging.mkdir()
            (tmp_path / "new").mkdir()
            (tmp_path / "new" / "mine").write_text("mine")

    with pytest.raises(Refused):
        race()
    assert tree(tmp_path) == {"new/mine": "mine"}


@pytest.mark.skipif(sys.platform == "win32", reason="locks need fcntl")
def test_a_run_that_lives_is_not_swept(tmp_path: Path) -> None:
    stale = tmp_path / ".new.asyncgen-dead"
    stale.mkdir()
    with new_folder(tmp_path / "new", keep=False) as first:
        assert not stale.exists()
        first.mkdir()
        with new_folder(tmp_path / "new", keep=False):
            assert first.is_dir()
    assert os.listdir(tmp_path) == []
