"""No command line in any surroundings ends in a traceback: an exit code, one sentence, and no change where it failed.

`make update-fuzz` runs thousands of them.
"""

import json
import os
import pwd
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from asyncgen.cli.edge import run
from tests.support import copied

from .awkward import Surroundings, command_lines, damage, ran_in, surroundings

CASES = int(os.environ.get("ASYNCGEN_FUZZ", "100"))
FUZZ = settings(
    deadline=None,
    derandomize=CASES < 1000,
    suppress_health_check=list(HealthCheck),
    max_examples=CASES if CASES < 1000 else 5 * CASES,
)


def make_odd(place: Path) -> None:
    """What a path may lead to besides a file."""
    (place / "folder").mkdir()
    (place / "file").write_text("text\n")
    (place / "binary").write_bytes(bytes(range(256)))
    (place / "dangling").symlink_to("nowhere")
    (place / "loop").symlink_to("loop")
    os.mknod(place / "socket", stat.S_IFSOCK | 0o600)
    os.mkfifo(place / "pipe")


def tree(place: Path) -> dict[str, bytes]:
    """Everything below a folder but the inside of .git, and what it holds."""
    found: dict[str, bytes] = {}
    for folder, folders, files in os.walk(place):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__")]
        for name in [*folders, *files]:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found[path] = os.fsencode(os.readlink(path))
            else:
                found[path] = Path(path).read_bytes() if os.path.isfile(path) else b""
    return found


class Yard:
    """A folder with a service and odd things around it, made anew where a command has changed it."""

    def __init__(self, place: Path, pristine: Path) -> None:
        self.place, self._pristine, self._broken = place, pristine, ""
        self._kept: dict[str, bytes] = {}

    def fit(self, broken: str) -> None:
        """Make it as it is at first, with a project that is broken in a way."""
        if self._broken == broken and tree(self.place) == self._kept:
            return
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        make_odd(self.place)
        (self.place / "deep" / "/".join(["d" * 200] * 17)).mkdir(parents=True)
        project = copied(self._pristine, self.place)
        make_odd(project)
        damage(project, broken)
        self._broken, self._kept = broken, tree(self.place)

    def changes(self) -> set[str]:
        """What a command has made, changed or removed."""
        now = tree(self.place)
        return {
            os.path.relpath(path, self.place)
            for path in now.keys() | self._kept.keys()
            if now.get(path) != self._kept.get(path)
        }


@pytest.fixture(scope="module")
def yard(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with pytest.MonkeyPatch.context() as patch:
        programs = tmp_path_factory.mktemp("programs")
        (programs / "git").symlink_to(shutil.which("git") or "git")
        patch.setenv("PATH", str(programs))
        patch.setenv("GIT_SSH_COMMAND", "false")
        template, grown = prepared / "the template", tmp_path_factory.mktemp("grown")
        project = copied(prepared / "shop", grown)
        (project / "app.py").write_text("from celery import Celery\napp = Celery('s', task_serializer='pickle')\n")
        (project / "tasks.yaml").write_text("count: {arg: [order_id:int]}\n")
        patch.chdir(project)
        assert run(["add-task", "send_welcome", "--arg", "user_id:int"]) == 0
        assert run(["add-task", "send_farewell", "--arg", "user_id:int"]) == 0
        patch.setenv("ASYNCGEN_TEMPLATE", str(template))
        yield Yard(tmp_path_factory.mktemp("yard") / "place", project)


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without HOME there is no home: the user is not in the system's list."""

    def unknown(user: object) -> pwd.struct_passwd:
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(pwd, "getpwnam", unknown)


@pytest.fixture(autouse=True)
def no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would keep bytecode that a limit on files has cut short."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")


@settings(FUZZ)
@given(command_lines(), surroundings)
def test_any_command_line(yard: Yard, arguments: list[str], around: Surroundings) -> None:
    yard.fit(around.broken)
    ran = ran_in(yard.place, around, arguments)
    case = (ran, arguments, around)
    assert ran.code in (0, 1, 2, 130, 141), case
    assert not any(line.lstrip().startswith("Traceback") for line in (ran.out + ran.err).splitlines()), case
    if ran.code != 2:
        return
    said = [line for line in ran.err.splitlines() if not line.startswith("note: ")]
    assert len(said) == 1, case
    assert "expected" in said[0] or said[0].endswith("--help"), case
    assert "in order" not in said[0], case
    if "--json" in arguments and around.encoding != "none":
        assert list(json.loads(ran.out)) == ["error"], case
    assert yard.changes() == set(), case
