"""The temporary folder in which an update is built; it is removed when the update ends, however it ends."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..bundle import File
from ..git import git_bytes
from ..locks import locked, translate_os_errors
from ..plan import sweep
from ..trees import fill, read_tree

if TYPE_CHECKING:
    from .merging import Outcome

__all__ = ["AFTER", "CONFLICT", "copy_project", "scratch", "three_way"]

BEFORE = "before updating"
AFTER = "after updating"
"""The labels of a conflict's two sides, as Copier has them."""

CONFLICT = f"<<<<<<< {BEFORE}"
"""The line that begins one."""

_PREFIX = "asyncgen-update-"


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder; Refused when none can be made. What killed runs left is removed first."""
    with translate_os_errors("the folder for temporary files"):
        sweep(Path(tempfile.gettempdir()), _PREFIX, idle=60)
        made = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
    with made as folder, locked(Path(folder)):
        yield Path(folder).resolve()


def three_way(folder: Path, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """The merge of two texts with their origin, with markers where both changed a line; None for binary files."""
    if any(b"\0" in content for content in (ours, base, theirs)):
        return None
    sides = fill(folder / "merge", {"ours": File(ours), "base": File(base), "theirs": File(theirs)})
    labels = [word for label in (BEFORE, "last update", AFTER) for word in ("-L", label)]
    # The exit code is the number of conflicts; 255 is an error.
    return git_bytes("merge-file", "-p", *labels, "ours", "base", "theirs", at=sides, most=127)


def copy_project(root: Path, copy: Path, listed: Iterable[str], outcomes: Iterable["Outcome"]) -> list[str]:
    """Copy the project's own files as they would be after an update; returns those that cannot be read.

    Links are left out, since they may lead anywhere.
    """
    unreadable = []
    for path in listed:
        try:
            file = read_tree(root, [path])
        except OSError:
            unreadable.append(path)
            continue
        fill(copy, file)
    for outcome in outcomes:
        if outcome.kind == "remove":
            (copy / outcome.path).unlink(missing_ok=True)
        elif outcome.kind != "keep":
            fill(copy, {outcome.path: File(outcome.content, bool(outcome.executable))})
    return unreadable
