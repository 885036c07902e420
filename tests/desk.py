"""What the tests of commands stand on: git and files, a home without habits, the command line in this process."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from asyncgen.cli.edge import run

__all__ = ["Ran", "clean_home", "command_line", "commit", "git", "write"]


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command."""
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.check_output(["git", "-C", str(folder), *identity, *arguments], text=True).strip()


def write(folder: Path, files: Mapping[str, str | None]) -> None:
    """Make files with their folders; None removes one."""
    for path, content in files.items():
        if content is None:
            (folder / path).unlink()
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


def commit(folder: Path, message: str = "Work") -> str:
    """Commit all there is; returns the sha."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def clean_home(folders: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a git identity, and no variable that would stand in for one."""
    home = folders.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for variable in list(os.environ):
        if variable.startswith(("GIT_AUTHOR_", "GIT_COMMITTER_")) or variable == "EMAIL":
            monkeypatch.delenv(variable)
    return home


def command_line(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line, in this process."""

    def ran(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran
