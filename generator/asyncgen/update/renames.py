"""Which files the template renamed between two renders: as its history says, else as git finds by similarity."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..git import git_bytes
from ..trees import Tree, fill
from .history import History, chain

__all__ = ["find_renames"]


def find_renames(
    base: Tree, theirs: Tree, history: History, scratch: Path, *, same_answers: bool, edited: Callable[[str], bool]
) -> dict[str, str]:
    """New paths by old ones.

    same_answers: other answers bring other files, which may be similar without being renamed: only
    the history counts then.
    edited: whether the user changed or removed a file: the others need no care.
    """
    declared = {old: chain(old, history.files, base)[-1] for old in history.files if old in base}
    found = {old: new for old, new in declared.items() if new in theirs and list(declared.values()).count(new) == 1}
    gone = {path: base[path] for path in base.keys() - theirs.keys() - found.keys() if edited(path)}
    come = {path: theirs[path] for path in theirs.keys() - base.keys() - set(found.values())}
    if same_answers and gone and come:
        found |= _alike(gone, come, scratch / "alike")
    return found


def _alike(gone: Tree, come: Tree, folder: Path) -> Mapping[str, str]:
    fill(folder / "gone", gone)
    fill(folder / "come", come)
    options = ["--no-index", "--find-renames=50%", "--diff-filter=R", "--name-status", "-z"]
    words = git_bytes("diff", *options, "gone", "come", at=folder, most=1).decode().split("\0")[:-1]
    pairs = zip(words[1::3], words[2::3], strict=True)
    return {old.removeprefix("gone/"): new.removeprefix("come/") for old, new in pairs}
