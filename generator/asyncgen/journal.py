"""The journal of a plan: what is changed, where a kill can be recovered from.

Staged files and the old ones are kept in a separate folder, and `journal.json` says that they are complete: from then
on the plan is committed, by this run or by the next one. The folder lies where neither a repository's content nor a
template can put one: below the project's git directory, else in the user's state folder. A journal is committed only
if it was written on this machine for this very folder, and if the project is as the journal left it.
"""

import hashlib
import json
import os
import shutil
import stat
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .changes import Change, digest, digest_of, link_or_copy, make_parents, move, prune_empty_parents, write_file
from .errors import Refused
from .git import GitError, git
from .paths import check_path
from .places import STATE, user_folder

__all__ = ["Entry", "Journal", "journal_of"]

_COMPLETE = "journal.json"


@dataclass(frozen=True)
class Entry:
    """A change as the journal records it; `before` and `after` are digests, "" where there is no file."""

    kind: str
    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Journal:
    """The journal of the project at `root`, in `folder`, which exists while a plan is under way."""

    root: Path
    folder: Path

    @property
    def exists(self) -> bool:
        """Whether a plan is under way, or a killed run left one."""
        return os.path.lexists(self.folder)

    def stage(self, changes: Sequence[Change]) -> list[Entry]:
        """Write everything that the changes need, then the record that makes the journal complete."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700)
        entries = []
        for number, change in enumerate(changes):
            target = self.root / change.path
            if change.kind != "create":
                link_or_copy(target, self._old(number))
            if change.kind != "remove":
                write_file(self._new(number), change, target)
            after = "" if change.kind == "remove" else digest_of(change.data)
            entries.append(Entry(change.kind, change.path, digest(target), after))
        record = {"binding": _binding(self.root), "entries": [asdict(entry) for entry in entries]}
        with open(self.folder / "writing", "x", encoding="utf-8") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.folder / "writing", self.folder / _COMPLETE)
        return entries

    def commit(self, entries: Sequence[Entry]) -> None:
        """Make the changes that are not made yet, and remove the journal."""
        for number, entry in enumerate(entries):
            target, new = self.root / entry.path, self._new(number)
            if entry.kind == "remove":
                if os.path.lexists(target):
                    # Into the journal, so that a removed file differs there from one that was never removed.
                    move(target, new)
                prune_empty_parents(self.root, target)
            elif new.exists():
                # A folder may have been emptied, and so removed, by an earlier change of the same plan.
                make_parents(target)
                move(new, target)
        self.discard()

    def rollback(self, entries: Sequence[Entry]) -> None:
        """Undo the changes that were made, and remove the journal."""
        for number, entry in enumerate(entries):
            target = self.root / entry.path
            if entry.kind == "create":
                if not self._new(number).exists():
                    target.unlink(missing_ok=True)
                prune_empty_parents(self.root, target)
            elif os.path.lexists(self._old(number)):
                make_parents(target)
                move(self._old(number), target)
        self.discard()

    def discard(self) -> None:
        """Remove the journal."""
        # First what makes it complete: a journal that is half removed must not be committed.
        with suppress(OSError):
            (self.folder / _COMPLETE).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self) -> list[Entry]:
        """The entries that a killed run left, in their order; [] for a journal that it did not complete.

        Raises Refused for a journal of another folder, machine or user, and for a path that leaves the project.
        """
        try:
            status = self.folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or (hasattr(os, "geteuid") and status.st_uid != os.geteuid()):
                raise self._refused("a journal that this user did not write")
            record = json.loads((self.folder / _COMPLETE).read_text(encoding="utf-8"))
            entries = [_entry(found) for found in record["entries"]]
            binding = record["binding"]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._refused("a journal that cannot be read") from error
        if binding != _binding(self.root):
            raise self._refused("the journal of another folder or machine")
        for entry in entries:
            check_path(entry.path, "the journal", self.root)
        return entries

    def made(self, entries: Sequence[Entry]) -> list[bool]:
        """Whether each change is made; Refused if a file is neither as before its change nor as after it."""
        return [self._is_made(number, entry) for number, entry in enumerate(entries)]

    def is_rolled_back(self, entries: Sequence[Entry]) -> bool:
        """Whether some changes were made, and every file is as before the plan."""
        moved = any(self._is_moved(number, entry) for number, entry in enumerate(entries))
        return moved and all(digest(self.root / entry.path) == entry.before for entry in entries)

    def _is_made(self, number: int, entry: Entry) -> bool:
        stands, moved = digest(self.root / entry.path), self._is_moved(number, entry)
        if stands == entry.after and (moved or entry.before != entry.after):
            return True
        if stands == entry.before and not moved and entry.after in ("", digest(self._new(number))):
            return False
        raise self._refused(f"another change of {entry.path} since then")

    def _is_moved(self, number: int, entry: Entry) -> bool:
        """Whether the file of a change has left the journal, or has come into it."""
        return os.path.lexists(self._new(number)) == (entry.kind == "remove")

    def _new(self, number: int) -> Path:
        return self.folder / str(number)

    def _old(self, number: int) -> Path:
        return self.folder / f"{number}.old"

    def _refused(self, got: str) -> Refused:
        return Refused(
            f"expected {self.root} to be as an interrupted run of asyncgen left it, got: {got}; nothing was changed: "
            f"bring the project to the state that you want with git, remove {self.folder}, and run it again"
        )


def journal_of(root: Path) -> Journal:
    """Where the journal of the project in `root` is kept."""
    try:
        located = git("rev-parse", "--absolute-git-dir", "--show-prefix", at=root).splitlines()
    except (GitError, Refused):
        located = []
    # A repository may hold files that look like a git directory; a real one holds no work tree.
    if located and not root.resolve().is_relative_to(Path(located[0]).resolve()):
        parent, project = Path(located[0]) / "asyncgen", "".join(located[1:])
    else:
        parent, project = user_folder(STATE) / "asyncgen", str(root.resolve())
    return Journal(root, parent / f"journal-{hashlib.sha256(os.fsencode(project)).hexdigest()[:16]}")


def _binding(root: Path) -> dict[str, str]:
    """What identifies this folder on this machine: an archive or a copy of it has another inode."""
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        machine = ""
    return {"inode": str(root.stat().st_ino), "machine": machine or f"{uuid.getnode():x}"}


def _entry(found: Any) -> Entry:
    entry = Entry(**found)
    if entry.kind not in ("create", "replace", "remove") or not all(isinstance(v, str) for v in found.values()):
        raise ValueError(f"no entry: {found}")
    return entry
