"""The folder in which a plan waits: new files beside their places, second names of old ones, and a marker at the end.

What is in it is carried out, taken back or swept, whatever happened in between.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["COMPLETE", "Change", "digest", "finish", "keep_old", "make_folders", "sweep", "take_back", "write"]

COMPLETE = "complete.json"
"""The marker: from here on the plan is carried out."""


@dataclass(frozen=True)
class Change:
    """One file: `path` is relative to the folder, with slashes; `content` is what the file holds afterwards.

    before: the digest of what the change was made for; "" accepts whatever stands there. A replaced file has one.
    executable: whether the file may be run; None keeps what a replaced file has.
    """

    kind: Literal["create", "replace", "remove"]
    path: str
    content: str | bytes = ""
    before: str = ""
    executable: bool | None = None


def digest(path: Path) -> str:
    """What stands at a path, as a hash; "" for nothing. A link counts as itself, not as what it leads to."""
    if path.is_symlink():
        return hashlib.sha256(os.fsencode(os.readlink(path)) + b"\0").hexdigest()
    return hashlib.sha256(path.read_bytes()).hexdigest() if os.path.lexists(path) else ""


def write(file: Path, change: Change, target: Path) -> None:
    """Write a change's content, with the mode that its target will have, and see it safe on the disk."""
    content = change.content.encode() if isinstance(change.content, str) else change.content
    with open(file, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    mode = stat.S_IMODE((target if change.kind == "replace" else file).stat().st_mode)
    if change.executable is not None:
        mode = mode | (mode & 0o444) >> 2 if change.executable else mode & ~0o111
    file.chmod(mode)


def keep_old(target: Path, old: Path) -> None:
    """A second name for a file that is about to go: it costs no space on a disk that is full."""
    try:
        os.link(target, old, follow_symlinks=False)
    except OSError:
        shutil.copy2(target, old, follow_symlinks=False)


def make_folders(target: Path) -> list[Path]:
    """Make the folders above a file; those that were missing, the deepest first."""
    missing = [folder for folder in target.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
    return missing


def finish(root: Path, pending: Path) -> None:
    """Carry out a plan that is complete, and remove its folder."""
    for number, (kind, path, before) in enumerate(_order(pending)):
        # What the user did after a kill stays: only the state that the plan saw is changed.
        if digest(root / path) != before:
            continue
        if kind == "remove":
            (root / path).unlink(missing_ok=True)
            _prune(root, root / path)
        elif (pending / str(number)).exists():
            # A folder may have been emptied, and so removed, by an earlier change of the same plan.
            make_folders(root / path)
            os.replace(pending / str(number), root / path)
    shutil.rmtree(pending, ignore_errors=True)


def take_back(root: Path, pending: Path) -> None:
    """Undo what was done of a plan: the new files are those that have left the pending folder."""
    for number, (kind, path, _) in enumerate(_order(pending)):
        target, old = root / path, pending / f"{number}.old"
        if kind == "create" and not (pending / str(number)).exists():
            target.unlink(missing_ok=True)
        elif old.exists() or old.is_symlink():
            make_folders(target)
            os.replace(old, target)


def _order(pending: Path) -> list[list[str]]:
    complete = pending / COMPLETE
    order: list[list[str]] = json.loads(complete.read_text(encoding="utf-8")) if complete.is_file() else []
    return order


def _prune(root: Path, removed: Path) -> None:
    """Remove the folders that are empty now: git does not know them."""
    with suppress(OSError):
        for folder in removed.parents:
            if folder == root:
                break
            folder.rmdir()


def sweep(pending: Path, made: Sequence[Path]) -> None:
    """Remove what was made for a plan that will not be carried out."""
    shutil.rmtree(pending, ignore_errors=True)
    for folder in made:
        with suppress(OSError):
            folder.rmdir()
