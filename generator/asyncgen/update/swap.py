"""Applying an update to the project: only over files that git can restore, and all of them or none."""

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import Refused
from ..git import GitError, git, git_bytes
from ..plan import apply
from .merging import Outcome

__all__ = ["apply_outcomes", "check_clean", "check_repository", "dirty", "project_files", "rollback_command"]


_UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply/applying": "am",
    "rebase-apply": "rebase",
}
"""The files in a repository by which command waits for `--continue` or `--abort`."""


def check_repository(root: Path) -> None:
    """Refuse a project that git cannot restore, or in which a git command is unfinished."""
    markers = [word for name in _UNDER_WAY for word in ("--git-path", name)]
    try:
        answer = git("rev-parse", *markers, "HEAD", "--", at=root)
    except GitError as error:
        got, fix = "none", "git add . and git commit"
        if "not a git repository" in str(error):
            fix = f"git init, {fix}"
        elif "bad revision 'HEAD'" not in str(error):
            got, fix = str(error), "git fsck, and repair it"
        raise Refused(
            f"expected {root} to be in a git repository with a commit, by which an update is undone, "
            f"got: {got}; run {fix}"
        ) from error
    for path, command in zip(answer.splitlines(), _UNDER_WAY.values(), strict=False):
        if (root / path).exists():
            raise Refused(
                f"expected no git command to be under way in {root}, got: git {command}; "
                f"end it with git {command} --continue or git {command} --abort"
            )
    unmerged = git_bytes("ls-files", "-z", "--unmerged", "--", ".", at=root).split(b"\0")
    if paths := sorted({os.fsdecode(entry.partition(b"\t")[2]) for entry in unmerged if entry}):
        raise Refused(f"expected no merge conflicts in {root}, got: {', '.join(paths)}; resolve and commit them")


def dirty(root: Path) -> set[str]:
    """The paths in the project whose present content git could not restore."""
    prefix = git_bytes("rev-parse", "--show-prefix", at=root).removesuffix(b"\n")
    listed = git_bytes("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", ".", at=root)
    # The paths are relative to the repository, which may hold more than the project.
    return {os.fsdecode(entry[3:].removeprefix(prefix)) for entry in listed.split(b"\0") if entry}


def project_files(root: Path) -> list[str]:
    """The project's own files: those that git tracks, and those that it would."""
    listed = git_bytes("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", at=root)
    return [os.fsdecode(path) for path in listed.split(b"\0") if path]


def check_clean(root: Path, outcomes: Iterable[Outcome]) -> None:
    """Raise Refused, with their names, for files that are not committed."""
    touched = [outcome.path for outcome in outcomes if outcome.kind != "keep"]
    unsaved = dirty(root)
    there = [path for path in touched if (root / path).exists()]
    # A letter before each path: H for a file whose changes git sees, another for one that it ignores by its flags.
    listed = git_bytes("ls-files", "-v", "-z", "--", ".", at=root).split(b"\0")
    known = {os.fsdecode(entry[2:]): entry[:1] for entry in listed if entry}
    if lost := sorted({path for path in touched if path in unsaved} | {path for path in there if path not in known}):
        raise Refused(
            f"expected the files that the update touches to be committed, got: changes in {', '.join(lost)}; "
            "commit or stash these, the others may stay"
        )
    if hidden := sorted(path for path in there if known[path] != b"H"):
        raise Refused(
            "expected git to see changes in the files that the update touches, got: assume-unchanged or skip-worktree "
            f"for {', '.join(hidden)}; run git update-index --no-assume-unchanged or --no-skip-worktree on these"
        )


def apply_outcomes(root: Path, outcomes: Sequence[Outcome], *, dry_run: bool = False) -> None:
    """Make the changes, all or none; `dry_run` only checks."""
    apply(root, [change for outcome in outcomes if (change := outcome.change())], dry_run=dry_run)


def rollback_command(root: Path, outcomes: Sequence[Outcome]) -> str:
    """The command that undoes an update and nothing else, from whatever folder a shell runs it."""
    old = [outcome.path for outcome in outcomes if outcome.kind in ("replace", "remove")]
    new = [outcome.path for outcome in outcomes if outcome.kind == "create"]
    literal = ["--literal-pathspecs"] if set("".join(old + new)) & set("*?[\\:") else []
    git = ["git", *literal, "-C", str(root)]
    restore = shlex.join([*git, "restore", "--source=HEAD", "--staged", "--worktree", "--", *old, *new])
    # What git tracks and HEAD lacks, it removes with the folders that get empty; `clean` would leave these.
    track = [shlex.join([*git, "add", "--force", "--intent-to-add", "--", *new])] if new else []
    return " && ".join([*track, restore])
