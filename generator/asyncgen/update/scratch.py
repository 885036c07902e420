"""The folder on the side in which an update is built; it goes when the update ends, however it ends."""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..bundle import File
from ..errors import Refused
from ..git import git_bytes
from ..locks import explained, locked

if TYPE_CHECKING:
    from .merging import Outcome

__all__ = ["AFTER", "BEFORE", "Tree", "copy_project", "fill", "read_tree", "scratch", "three_way"]

Tree = Mapping[str, File]
"""Files by their path, with slashes."""

BEFORE = "before updating"
AFTER = "after updating"
"""The labels of a conflict's two sides, as Copier has them."""

_PREFIX = "asyncgen-update-"


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder; Refused when there is no room for one. What killed runs left is removed first."""
    parent = Path(tempfile.gettempdir())
    with explained(parent):
        _sweep(parent)
        with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder, locked(Path(folder)):
            yield Path(folder).resolve()


def _sweep(parent: Path) -> None:
    """Remove this user's folders that no running process has locked; a new one is locked within a minute."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or time.time() - status.st_mtime < 60:
                continue
            if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
                continue
            with locked(folder, wait=False):
                shutil.rmtree(folder, ignore_errors=True)


def fill(folder: Path, files: Tree) -> Path:
    """Write files into a folder of the scratch; Refused for a path that leaves it."""
    for path, file in files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise Refused(f"expected the files of the template to stay in it, got: {path}; use another template")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        if file.executable:
            target.chmod(0o755)
    return folder


def read_tree(folder: Path, paths: Iterable[str] | None = None) -> dict[str, File]:
    """The files below a folder, or those of them that are named; links are left out."""
    found = [folder / path for path in paths] if paths is not None else list(folder.rglob("*"))
    return {
        file.relative_to(folder).as_posix(): File(file.read_bytes(), bool(file.stat().st_mode & 0o100))
        for file in found
        if file.is_file() and not file.is_symlink()
    }


def three_way(folder: Path, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """The merge of two texts with their origin, with markers where both changed a line; None for binary files."""
    if any(b"\0" in content for content in (ours, base, theirs)):
        return None
    sides = fill(folder / "merge", {"ours": File(ours), "base": File(base), "theirs": File(theirs)})
    labels = [word for label in (BEFORE, "last update", AFTER) for word in ("-L", label)]
    # The exit code is the number of conflicts; 255 is an error.
    return git_bytes("merge-file", "-p", *labels, "ours", "base", "theirs", at=sides, most=127)


def copy_project(root: Path, copy: Path, listed: Iterable[str], outcomes: Iterable["Outcome"]) -> Path:
    """The project's own files as they would be after an update, without links, which may lead anywhere."""
    fill(copy, read_tree(root, listed))
    for outcome in outcomes:
        if outcome.kind == "remove":
            (copy / outcome.path).unlink(missing_ok=True)
        elif outcome.kind != "keep":
            fill(copy, {outcome.path: File(outcome.content, bool(outcome.executable))})
    return copy
