"""Helpers of the tests of commands: git and files, a home without configuration, the command line in this process."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from asyncgen.cli.app import app
from asyncgen.cli.edge import run

__all__ = ["Ran", "clean_home", "command_line", "commit", "copied", "copied_service", "git", "write"]


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command."""
    settings = ["user.name=T", "user.email=t@example.org", "commit.gpgsign=false", "maintenance.auto=false"]
    options = [word for setting in settings for word in ("-c", setting)]
    return subprocess.check_output(["git", "-C", str(folder), *options, *arguments], text=True).strip()


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


def copied(folder: Path, to: Path) -> Path:
    """A copy of a folder, under its name in another one."""
    return Path(shutil.copytree(folder, to / folder.name, symlinks=True))


def copied_service(service: Path, to: Path, template: Path) -> Path:
    """A copy of a service that was made from another copy of a template."""
    project = copied(service, to)
    answers = project / ".copier-answers.yml"
    answers.write_text(re.sub(r"(?m)^_src_path: .*$", f"_src_path: {template}", answers.read_text()))
    git(project, "commit", "--quiet", "--all", "--amend", "--no-edit")
    return project


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
    """The command line, in this process; a message may advise no option that the command lacks."""

    def ran(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        if code == 2:
            assert advised(captured.err) <= options_of(arguments), captured.err
        return Ran(code, captured.out, captured.err)

    return ran


def advised(message: str) -> set[str]:
    """The options that a message is about and that its last part says to use, without those of quoted commands."""
    about = re.findall(r"^asyncgen: expected (--[a-z-]+)", message)
    fix = re.sub(r"\b(run|git|asyncgen) [^,;]*", "", message.rpartition(";")[2])
    return {*about, *re.findall(r"(?<![\w-])--?[a-z][a-z-]*", fix)}


def options_of(arguments: Sequence[str]) -> set[str]:
    """The options of the command that the arguments name, in all their spellings."""
    command = typer.main.get_command(app)
    for word in arguments:
        command = getattr(command, "commands", {}).get(word, command)
    return {"--help", *(name for option in command.params for name in (*option.opts, *option.secondary_opts))}
