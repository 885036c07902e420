"""A new project: rendered beside its place, committed, and moved there."""

import os
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .author import SETTINGS, configured
from .bundle import File
from .errors import Refused
from .git import GitError, git, git_bytes
from .interview import Ask, interview
from .lock_file import lock
from .plan import new_folder
from .releases import files_at
from .rendering import render
from .source import Template
from .trees import fill

__all__ = [
    "Project",
    "Step",
    "WorkTree",
    "check_destination",
    "create",
    "create_files",
    "files_of",
    "found_subfolder",
    "work_tree",
]


_FALLBACK_IDENTITY = {"user.name": "asyncgen", "user.email": "asyncgen@localhost"}

Step = Callable[[str], AbstractContextManager[None]]
"""Surrounds what may take its time, and is told what that is."""


@dataclass(frozen=True)
class WorkTree:
    """The git work tree at `root` that holds a new project's folder, `subfolder` below it, with slashes."""

    root: Path
    subfolder: str


@dataclass(frozen=True)
class Project:
    """The project made: `files` are relative to it, sorted; `committed`: whether it is a repository.

    unlocked: why it has no uv.lock; "" where it has one, or needs none.
    """

    destination: Path
    answers: dict[str, Any]
    files: tuple[str, ...]
    committed: bool
    unlocked: str = ""


def check_destination(destination: Path) -> None:
    """Raise Refused where a new project would overwrite something or could not be put."""
    if destination.is_symlink() or (destination.exists() and not destination.is_dir()):
        raise Refused(f"expected {destination} to be a new folder, got: a file; name another")
    if destination.is_dir() and any(destination.iterdir()):
        raise Refused(
            f"expected {destination} to be empty or new, got: a folder with files in it; "
            "name another, or move them away"
        )
    if destination == Path.cwd():
        raise Refused(
            f"expected a folder other than the current one, which is replaced as a whole, got: {destination}; "
            f"run asyncgen new {destination.name} in {destination.parent}"
        )
    if not destination.parent.is_dir():
        raise Refused(
            f"expected {destination.parent} to be a folder, got: no such folder; run mkdir -p {destination.parent}"
        )


def work_tree(destination: Path) -> WorkTree | None:
    """The work tree that a project at `destination` would be a part of; None where there is none, or it ignores it."""
    parent = destination.parent
    try:
        # One at a time: the name of a folder may have several lines.
        root, prefix = (_line(git_bytes("rev-parse", each, at=parent)) for each in ("--show-toplevel", "--show-prefix"))
        ignored = git_bytes("check-ignore", f"{destination.name}/", at=parent, most=1)
    except GitError:
        return None
    return None if ignored else WorkTree(Path(root), f"{prefix}{destination.name}")


def _line(printed: bytes) -> str:
    return os.fsdecode(printed.removesuffix(b"\n"))


def found_subfolder(destination: Path, known: Collection[str]) -> tuple[WorkTree | None, dict[str, str]]:
    """That work tree, and the answer that follows from it, where it is among the questions `known`."""
    tree = work_tree(destination)
    return tree, {"subfolder": tree.subfolder if tree else ""} if "subfolder" in known else {}


def create(
    template: Template,
    destination: Path,
    answers: Mapping[str, Any],
    *,
    ask: Ask | None = None,
    review: Callable[[Path, dict[str, Any]], None] | None = None,
    step: Step = lambda _: nullcontext(),
    repository: bool = True,
    keep: bool = True,
) -> Project:
    """Render a project, commit it, and put it at `destination` in one step.

    ask: puts the questions that `answers` leaves open; else they take their defaults.
    review: is given the folder of the rendered files and all answers, before anything is at `destination`.
    repository: make a git repository and a first commit.
    keep: False renders without leaving anything, for a dry run.
    """
    check_destination(destination)
    with new_folder(destination, keep=keep) as staging:
        final = _render(template, staging, answers, ask, step)
        if review:
            review(staging, final)
        unlocked = ""
        if keep:
            with step("Locking the dependencies with uv"):
                unlocked = lock(staging)
        if repository and keep:
            with step("Making the git repository"):
                _commit(staging, final)
        files = files_of(staging)
    return Project(destination, final, tuple(files), repository and keep, unlocked)


def files_of(folder: Path) -> list[str]:
    """The files of a project, relative to its folder, sorted."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return sorted(path.as_posix() for path in paths if path.parts[0] != ".git")


def create_files(destination: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder with these files, which appears when they all are there."""
    with new_folder(destination) as staging:
        fill(staging, {path: File(content) for path, content in files.items()})


def _render(
    template: Template, staging: Path, answers: Mapping[str, Any], ask: Ask | None, step: Step
) -> dict[str, Any]:
    files = files_at(template.repository, template.commit)
    source = fill(staging.with_name(f"{staging.name}.template"), files)
    if ask:
        answers = interview(source, staging, answers, ask)
    with step("Rendering the files"):
        recorded = render(source, staging, answers, record=(template.src, template.name))
    if not recorded.get("_commit") or not recorded.get("_src_path"):
        raise Refused(
            f"expected the commit of the template {template.src} to be recorded, got: none, so the project "
            "could never be updated; use a git clone that belongs to you"
        )
    return {name: value for name, value in recorded.items() if not name.startswith("_")}


def _commit(folder: Path, answers: Mapping[str, Any]) -> None:
    """A repository with one commit, without the user's hooks, signing and ignore rules: they may fail or hide files.

    What the user's git converts stays converted, such as line ends: `git status` would show a difference otherwise.
    """
    identity = []
    for answer, setting in SETTINGS.items():
        chosen = str(answers.get(answer) or "") or configured(setting)
        identity += ["-c", f"{setting}={chosen or _FALLBACK_IDENTITY[setting]}"]
    options = ["-c", "core.hooksPath=/dev/null", "-c", "core.excludesFile=/dev/null"]
    options += ["-c", "commit.gpgsign=false", "-c", "core.safecrlf=false", "-c", "maintenance.auto=false"]
    try:
        git("init", "--quiet", "--template=", "--initial-branch=main", at=folder)
        git(*options, "add", "--all", at=folder)
        message = f"Start {answers.get('service_name', folder.name)} with asyncgen"
        git(*identity, *options, "commit", "--quiet", "--message", message, at=folder)
    except GitError as error:
        raise Refused(f"expected git to make the first commit, got: {error}; fix it, or use --no-git") from error
