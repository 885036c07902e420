"""What an update does to each file, from three trees: as rendered at the last update, as it is, as rendered now.

Nothing is written here. An edit of the user's is never lost: it is merged, moved to where the template renamed its
file, or kept with a note.

A file that has CRLF alone keeps it, whatever is new in it; a script, which begins with `#!`, gets LF: it would not run.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..bundle import File
from ..changes import plain, with_line_ends
from ..names import ANSWERS_FILE
from ..plan import Change
from ..trees import Tree
from .renames import Renames
from .scratch import CONFLICT, three_way
from .structured import merge_structured
from .unedited import Standing

__all__ = ["Outcome", "merge"]


@dataclass(frozen=True)
class Outcome:
    """One file of the template after the update.

    kind: "keep" leaves the project's file as it is although the template changed: `reason` says why.
    origin: where the file was before it was renamed.
    successor: the file that has the content of one that is removed without an edit.
    edited: whether the user's edits are in it.
    conflicts: the numbers of the lines with which conflicts begin.
    """

    path: str
    kind: Literal["create", "replace", "remove", "keep"]
    before: bytes | None = None
    content: bytes = b""
    executable: bool | None = None
    origin: str = ""
    successor: str = ""
    edited: bool = False
    conflicts: tuple[int, ...] = ()
    reason: str = ""

    @property
    def needs_attention(self) -> bool:
        """Whether it has conflicts, or was kept although the template changed it."""
        return bool(self.conflicts or self.reason)

    def change(self) -> Change | None:
        """The same as a change of the plan."""
        if self.kind == "keep":
            return None
        digest = hashlib.sha256(self.before).hexdigest() if self.before is not None else ""
        return Change(self.kind, self.path, self.content, digest, self.executable)


def merge(
    base: Tree,
    theirs: Tree,
    standing: Callable[[str], Standing],
    unedited: Collection[str],
    renames: Renames,
    scratch: Path,
    *,
    runtime: str,
) -> list[Outcome]:
    """The outcome for each file that the template changed, by path.

    unedited: the paths whose files are as in `base`.
    runtime: a folder whose files need each other: one that moved there is created even where the user removed it.
    """
    outcomes: dict[str, Outcome] = {}
    moved_paths: set[str] = set()
    for old, new in renames.files.items():
        moved = None if old in unedited else _renamed(old, new, base, theirs, standing, scratch, runtime)
        outcomes |= {outcome.path: outcome for outcome in moved or ()}
        moved_paths |= {old, new} if moved is not None else set()
    for path in base.keys() | theirs.keys() - moved_paths:
        if path not in moved_paths and base.get(path) != theirs.get(path):
            outcome = _one(path, base.get(path), standing(path), theirs.get(path), scratch, same=path in unedited)
            if outcome and path in base and path not in theirs:
                outcomes |= {each.path: each for each in _dropped(outcome, standing, renames)}
            elif outcome:
                outcomes[path] = outcome
    return [outcomes[path] for path in sorted(outcomes)]


def _dropped(outcome: Outcome, standing: Callable[[str], Standing], renames: Renames) -> list[Outcome]:
    """The outcomes for a file that the template no longer has: an edited one is kept, with what to do about it."""
    path, ours = outcome.path, standing(outcome.path)
    if outcome.kind == "remove":
        return [replace(outcome, successor=renames.successor(path))]
    if path in renames.parts and outcome.edited:
        reason = f"it became a part of {renames.parts[path]}, and you edited it: move your edit there and remove it"
        return [replace(outcome, reason=reason)]
    aside = f"{path}.unmaintained"
    if path in renames.unmaintained and isinstance(ours, File) and standing(aside) is None:
        reason = f"the template no longer maintains {path}, and you edited it: {renames.unmaintained[path]}"
        kept = Outcome(aside, "create", None, ours.content, ours.executable, origin=path, edited=True, reason=reason)
        return [kept, Outcome(path, "remove", before=ours.content)]
    return [outcome]


def _renamed(
    old: str, new: str, base: Tree, theirs: Tree, standing: Callable[[str], Standing], scratch: Path, runtime: str
) -> list[Outcome] | None:
    """The outcomes for a file that the template renamed; None if there is no edit to move."""
    ours = standing(old)
    if old not in base or new not in theirs or new in base or old in theirs:
        return None
    if standing(new) is not None or isinstance(ours, str):
        return None
    if ours is None:
        # The user removed the file: it is not created under its new name, but in the runtime.
        return None if new.startswith(runtime) else []
    after = _merged(new, base[old], ours, theirs[new], scratch)
    created = replace(after, kind="create", before=None, executable=theirs[new].executable, origin=old)
    return [created, Outcome(old, "remove", before=ours.content)]


_BOTH_NEW = (
    "the template has a file of this name now, and yours stays as it is: `asyncgen new` in another folder shows the "
    "template's"
)


def _one(
    path: str, base: File | None, ours: Standing, theirs: File | None, scratch: Path, *, same: bool
) -> Outcome | None:
    if ours == theirs or (ours is None and base is not None):
        # It is as it should be; or the user removed it, and it is not created again.
        return None
    if ours is None and theirs is not None:
        return Outcome(path, "create", content=theirs.content, executable=theirs.executable)
    if not isinstance(ours, File):
        here = "it is no regular file here" if ours == "no file" else "no folder stands where its folder should be"
        return Outcome(path, "keep", reason=f"{here}, so the template's was left out")
    if theirs is None:
        if same:
            return Outcome(path, "remove", before=ours.content)
        return Outcome(
            path, "keep", edited=True, reason="the template dropped it, and you edited it: keep or remove it"
        )
    mode = theirs.executable if base is None or base.executable != theirs.executable else None
    if same:
        content = with_line_ends(theirs.content, ours.content)
        return Outcome(path, "replace", ours.content, content, mode)
    after = _merged(path, base or File(b""), ours, theirs, scratch)
    if base is None and after.conflicts:
        return Outcome(path, "keep", ours.content, ours.content, edited=True, reason=_BOTH_NEW)
    return replace(after, executable=mode)


def _merged(path: str, base: File, ours: File, theirs: File, scratch: Path) -> Outcome:
    sides = (plain(ours.content), plain(base.content), plain(theirs.content))
    merged = three_way(scratch, *sides)
    if merged is None:
        reason = "it is binary, and both you and the template changed it: yours was kept"
        return Outcome(path, "keep", ours.content, ours.content, edited=True, reason=reason)
    lines = tuple(number for number, line in enumerate(merged.split(b"\n"), 1) if line == CONFLICT.encode())
    structured = merge_structured(path, *sides, None if lines else merged) if path != ANSWERS_FILE else None
    if structured is not None:
        merged, lines = structured, ()
    content = with_line_ends(merged, ours.content)
    if content == ours.content:
        return Outcome(path, "replace", ours.content, content, edited=True)
    return Outcome(path, "replace", ours.content, content, edited=True, conflicts=lines)
