"""Which files of a project are as the template rendered them, whatever git converted at checkout."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from ..bundle import File
from ..changes import plain
from ..git import GitError, git
from ..trees import Tree

__all__ = ["Standing", "unedited"]

Standing = File | Literal["no file", "blocked"] | None
"""What is at a path of the project: a file; what is none, there or where its folder should be; or nothing."""


def unedited(root: Path, base: Tree, paths: Iterable[str], standing: Callable[[str], Standing]) -> set[str]:
    """The paths whose files hold what `base` does: but for CRLF, or in the form in which git would store them.

    The latter runs the filters that the attributes of a file name and the user's configuration defines, as `git status`
    does. It is asked about files that differ alone.
    """
    found, different = set(), []
    for path in paths:
        ours = standing(path)
        if isinstance(ours, File):
            if plain(ours.content) == plain(base[path].content):
                found.add(path)
            elif b"\0" not in ours.content:
                # In another encoding, such as UTF-16, the template's bytes could not take the place of these.
                different.append(path)
    if different:
        # After a filter that fails, the file counts as edited, and is merged.
        with suppress(GitError):
            stored = git("hash-object", "--", *different, at=root).split()
            found |= {path for path, blob in zip(different, stored, strict=True) if blob == _blob(base[path].content)}
    return found


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
