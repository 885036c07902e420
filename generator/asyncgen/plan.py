"""Changes to a folder as data, and their one writer.

All changes of a plan happen, or none. The new files are staged in a journal first; when it is complete, each file is
renamed into its place. An error in between rolls back; after a kill in between, the next command that writes commits a
complete journal and removes an incomplete one. A new folder is made under another name and renamed at the end.
"""

import glob
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

from .changes import Change, digest
from .errors import Refused
from .journal import journal_of
from .locks import locked, translate_os_errors
from .paths import check_path

__all__ = ["Change", "apply", "check", "digest", "new_folder", "recover", "sweep", "unfinished"]


def check(root: Path, changes: Sequence[Change]) -> None:
    """Raise Refused for a change that would overwrite what it does not know, or leave the folder."""
    spellings = cache(_spellings)  # nothing is written meanwhile: each folder is read once
    for change in changes:
        check_path(change.path, "the template", root)
        target = root / change.path
        if change.kind == "create" and (taken := _taken(target, spellings)):
            raise Refused(f"expected {change.path} to be free, got: {taken}; take another name, or remove it first")
        if change.before and digest(target) != change.before:
            raise Refused(f"expected {change.path} to stay as it was, got: a change by another process; run it again")
        blocking = next((p for p in target.parents if os.path.lexists(p)), root)
        if not blocking.is_dir():
            raise Refused(f"expected {blocking} to be a folder, got: a file; move it away")
        if not os.access(blocking, os.W_OK | os.X_OK):
            raise Refused(f"expected {blocking} to be writable, got: permission denied")


def _taken(target: Path, spellings: Callable[[Path], Mapping[str, str]]) -> str:
    """What is where a file is to be created, in the spelling of any system; "" for nothing."""
    if os.path.lexists(target):
        return "a file that is there already"
    name = spellings(target.parent).get(target.name.casefold())
    return f"{name}, which differs in case alone" if name else ""


def _spellings(folder: Path) -> dict[str, str]:
    """The names in a folder by their case-folded form: on Windows and macOS names of one form are one file."""
    try:
        return {name.casefold(): name for name in os.listdir(folder)}
    except OSError:
        return {}


def apply(root: Path, changes: Sequence[Change], *, dry_run: bool = False) -> None:
    """Make all changes in the folder `root`, or none: Refused says why not. `dry_run` only checks."""
    if dry_run:
        check(root, changes)
        return
    journal = journal_of(root)
    with translate_os_errors(root), locked(root):
        if journal.exists and journal.load():
            raise Refused(f"expected no other run of asyncgen to change {root}, got: one that was killed; run it again")
        journal.discard()
        check(root, changes)
        try:
            entries = journal.stage(changes)
        except BaseException:
            journal.discard()
            raise
        try:
            journal.commit(entries)
        except KeyboardInterrupt:
            # Once the journal is complete, the plan is committed: half of it would be neither old nor new.
            journal.commit(entries)
            raise
        except OSError:
            journal.rollback(entries)
            raise


def recover(root: Path) -> str:
    """Finish what a killed run left in the folder; a sentence that says what was done, "" if there was nothing.

    Raises Refused, and changes nothing, if the files are not as that run left them.
    """
    journal = journal_of(root)
    if not journal.exists:
        return ""
    with translate_os_errors(root), locked(root):
        entries = journal.load() if journal.exists else []
        if not entries or journal.is_rolled_back(entries):
            journal.discard()
            return "what an interrupted run had changed was undone since; its journal is removed" if entries else ""
        left = [entry for entry, made in zip(entries, journal.made(entries), strict=True) if not made]
        journal.commit(entries)
    named = ", ".join(f"{entry.kind} {entry.path}" for entry in left[:5]) or "nothing was left to do"
    more = f" and {len(left) - 5} more" if len(left) > 5 else ""
    return f"finished an interrupted run, {len(entries)} changes in all: {named}{more}"


def unfinished(root: Path) -> str:
    """A sentence about what a killed run left, for a command that writes nothing; "" if there is nothing."""
    journal = journal_of(root)
    if not journal.exists or not (entries := journal.load()):
        return ""
    return f"an interrupted run left {len(entries)} changes; the next command that writes finishes them"


def sweep(parent: Path, prefix: str, *, idle: float = 0) -> None:
    """Remove the folders of that prefix that killed runs of this user left: those that no process has locked.

    idle: seconds for which nothing was put into one, where a new folder is locked only after it was made.
    """
    for folder in parent.glob(f"{glob.escape(prefix)}*"):
        with suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or time.time() - status.st_mtime < idle:
                continue
            if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
                continue
            with locked(folder, wait=False):
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_folder(destination: Path, *, keep: bool = True) -> Iterator[Path]:
    """A folder of the same name to fill, which becomes `destination` when the block ends without an error.

    keep: False throws it away, for a dry run.
    It is locked while this process lives, so that the next run recognizes what a killed one left and removes it.
    """
    parent, prefix = destination.parent, f".{destination.name}.asyncgen-"
    with ExitStack() as stack:
        with translate_os_errors(parent), locked(parent):
            sweep(parent, prefix)
            staging = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            stack.callback(shutil.rmtree, staging, ignore_errors=True)
            stack.enter_context(locked(staging))
        with translate_os_errors(parent):
            yield staging / destination.name
            if keep:
                if destination.is_dir():
                    destination.rmdir()
                (staging / destination.name).rename(destination)
