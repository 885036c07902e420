"""A small template repository with the real questions and the real task skeleton, and the command line in-process."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from asyncgen.cli.edge import run

ROOT = Path(__file__).parents[2]
QUEUES = '''"""The queue table."""

from enum import Enum

from .queue_class import QueueClass

__all__ = ["Queue"]


class Queue(Enum):
    """The queues of this service."""

    CRITICAL = QueueClass("critical", longest_run=30)
    DEFAULT = QueueClass("default", longest_run=5 * 60)
    BULK = QueueClass("bulk", longest_run=1500, prefetch=1)
'''


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command."""
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    return subprocess.check_output(["git", "-C", str(folder), *identity, *arguments], text=True).strip()


def write(folder: Path, files: dict[str, str]) -> None:
    """Make files with their folders."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


def commit(folder: Path, message: str = "Change") -> str:
    """Commit all there is; returns the sha."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def _clean_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a git identity, and no variable that would stand in for one."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for variable in list(os.environ):
        if variable.startswith(("GIT_AUTHOR_", "GIT_COMMITTER_")) or variable == "EMAIL":
            monkeypatch.delenv(variable)


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed template, which is the one that asyncgen finds."""
    folder = tmp_path / "the template"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copytree(ROOT / "template" / "task", folder / "template" / "task")
    package = "template/service/src/{{package}}"
    write(
        folder,
        {
            "template/service/{{_copier_conf.answers_file}}.jinja": "{{ _copier_answers | to_nice_yaml }}",
            "template/service/README.md.jinja": "# {{ service_name }}\n",
            "template/service/.gitignore": "*.pyc\n",
            f"{package}/__init__.py": "",
            f"{package}/queues.py": QUEUES,
            f"{package}/settings.py": "",
            f"{package}/tasks/__init__.py": "",
        },
    )
    commit(folder, "Release 0.1.0")
    monkeypatch.setenv("ASYNCGEN_TEMPLATE", str(folder))
    return folder


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    folder = tmp_path / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def asyncgen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line, in this process."""

    def ran(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran


@pytest.fixture
def start() -> Callable[..., "subprocess.Popen[str]"]:
    """The command line as a process of its own."""

    def started(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "asyncgen", *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT / "generator")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


@pytest.fixture
def service(template: Path, desk: Path, asyncgen: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service made from the small template, as the current folder."""
    assert asyncgen("new", "shop", "--defaults").code == 0
    monkeypatch.delenv("ASYNCGEN_TEMPLATE")
    monkeypatch.chdir(desk / "shop")
    return desk / "shop"
