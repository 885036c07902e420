"""Which files the template renamed between two renders: as its history says, else as git finds by similarity."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ..git import git_bytes
from ..trees import Tree, fill
from .history import History, chain

__all__ = ["Renames", "find_renames"]


@dataclass(frozen=True)
class Renames:
    """New paths by old ones.

    files: those that edits can follow. parts: those that became a part of a file with other parts.
    dropped: all paths that the template no longer has.
    unmaintained: what to do with edits of files that nothing followed.
    """

    files: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)
    dropped: Collection[str] = ()
    unmaintained: Mapping[str, str] = field(default_factory=dict)

    def successor(self, path: str) -> str:
        """The file in which the content of one is now; "" if there is none."""
        return self.files.get(path) or self.parts.get(path, "")


def find_renames(
    base: Tree, theirs: Tree, history: History, scratch: Path, *, same_answers: bool, edited: Callable[[str], bool]
) -> Renames:
    """Which files the template renamed.

    same_answers: other answers bring other files, which may be similar without being renamed: only
    the history counts then.
    edited: whether the user changed or removed a file: the others need no care.
    """
    declared = {old: chain(old, history.files, base)[-1] for old in history.files if old in base}
    declared = {old: new for old, new in declared.items() if new in theirs}
    shared = Counter(declared.values())
    found = {old: new for old, new in declared.items() if shared[new] == 1}
    gone = [path for path in base.keys() - theirs.keys() - declared.keys() if edited(path)]
    unmaintained = {
        path: advice for path in gone for pattern, advice in history.unmaintained.items() if fnmatchcase(path, pattern)
    }
    come = {path: theirs[path] for path in theirs.keys() - base.keys() - set(declared.values())}
    if same_answers and come and (unknown := {path: base[path] for path in gone if path not in unmaintained}):
        found |= _alike(unknown, come, scratch / "alike")
    parts = {old: new for old, new in declared.items() if old not in found}
    return Renames(found, parts, base.keys() - theirs.keys(), unmaintained)


def _alike(gone: Tree, come: Tree, folder: Path) -> Mapping[str, str]:
    fill(folder / "gone", gone)
    fill(folder / "come", come)
    options = ["--no-index", "--find-renames=50%", "--diff-filter=R", "--name-status", "-z"]
    words = git_bytes("diff", *options, "gone", "come", at=folder, most=1).decode().split("\0")[:-1]
    pairs = zip(words[1::3], words[2::3], strict=True)
    return {old.removeprefix("gone/"): new.removeprefix("come/") for old, new in pairs}
