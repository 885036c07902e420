"""All changes of a plan happen or none, wherever the process is killed; and nothing of a user's is overwritten."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from asyncgen.errors import Refused
from asyncgen.plan import Change, apply, check, new_folder

PLAN = [Change("create", "a/one", "1\n"), Change("create", "b/c/two", "2\n"), Change("remove", "old")]


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


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


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_kill_at_any_point_leaves_the_old_or_the_new_after_the_next_run(tmp_path: Path) -> None:
    outcomes = set()
    for point in range(100):
        root = tmp_path / str(point)
        root.mkdir()
        (root / "old").write_text("0\n")
        done = subprocess.run([sys.executable, "-c", KILLED, str(root), str(point)], check=False)
        apply(root, [Change("create", "next", "")])
        state = tree(root)
        assert state.pop("next") == ""
        assert state in ({"old": "0\n"}, {"a/one": "1\n", "b/c/two": "2\n"})
        outcomes.add("old" in state)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    assert outcomes == {True, False}
    assert point > 5


def test_what_the_user_did_after_a_kill_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").write_text("0\n")
    # The plan is complete, and the process ends before it is carried out.
    monkeypatch.setattr("asyncgen.plan.finish", lambda root, pending: None)
    apply(tmp_path, PLAN)
    monkeypatch.undo()
    (tmp_path / "old").write_text("mine\n")
    (tmp_path / "a" / "one").write_text("mine\n")
    apply(tmp_path, [])
    assert tree(tmp_path) == {"old": "mine\n", "a/one": "mine\n", "b/c/two": "2\n"}


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
