"""The update's way into the project: only over files that git can bring back, and all of them or none."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from shlex import quote

from ..errors import Refused
from ..git import GitError, git, git_bytes
from ..plan import apply
from .merging import Outcome

__all__ = ["carry_out", "check_clean", "check_repository", "dirty", "project_files", "taking_back"]


def check_repository(root: Path) -> None:
    """Refuse a project that git cannot bring back."""
    try:
        git("rev-parse", "--verify", "--quiet", "HEAD", at=root)
    except GitError as error:
        raise Refused(
            f"expected {root} to be in a git repository with a commit, by which an update is taken back, got: none; "
            "run git init, git add . and git commit"
        ) from error


def dirty(root: Path) -> set[str]:
    """The paths in the project whose present content git could not bring back."""
    prefix = git("rev-parse", "--show-prefix", at=root)
    listed = git_bytes("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", ".", at=root)
    # The paths are relative to the repository, which may hold more than the project.
    paths = (entry[3:] for entry in listed.decode(errors="surrogateescape").split("\0") if entry)
    return {path.removeprefix(prefix) for path in paths}


def project_files(root: Path) -> list[str]:
    """The project's own files: those that git tracks, and those that it would."""
    listed = git_bytes("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", at=root)
    return [os.fsdecode(path) for path in listed.split(b"\0") if path]


def check_clean(root: Path, outcomes: Iterable[Outcome]) -> None:
    """Refuse to touch what is not committed, and say which files these are."""
    touched = [outcome.path for outcome in outcomes if outcome.kind != "keep"]
    unsaved = dirty(root)
    there = [path for path in touched if (root / path).exists()]
    known = set(git_bytes("ls-files", "-z", "--", ".", at=root).decode(errors="surrogateescape").split("\0"))
    lost = sorted({path for path in touched if path in unsaved} | {path for path in there if path not in known})
    if lost:
        raise Refused(
            f"expected the files that the update touches to be committed, got: changes in {', '.join(lost)}; "
            "commit or stash these, the others may stay"
        )


def carry_out(root: Path, outcomes: Sequence[Outcome], *, dry_run: bool = False) -> None:
    """Make the changes, all or none; `dry_run` only tells whether that could be done."""
    apply(root, [change for outcome in outcomes if (change := outcome.change())], dry_run=dry_run)


def taking_back(root: Path, outcomes: Sequence[Outcome], *, clean: bool) -> str:
    """The git command that undoes an update. clean: nothing else was uncommitted before it."""
    if clean:
        return "git restore . && git clean -d --force ."
    old = [quote(outcome.path) for outcome in outcomes if outcome.kind in ("replace", "remove")]
    new = [quote(outcome.path) for outcome in outcomes if outcome.kind == "create"]
    restore = [f"git restore -- {' '.join(old)}"] if old else []
    remove = [f"git clean --force -- {' '.join(new)}"] if new else []
    return " && ".join(restore + remove)
