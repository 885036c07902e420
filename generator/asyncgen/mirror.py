"""Mirrors of git URLs in the user's cache, so that a recorded version is read without the network."""

import hashlib
import re
import tempfile
from pathlib import Path

from .errors import Refused
from .git import GitError, git
from .places import CACHE, mirrors, writable

__all__ = ["mirror"]


def mirror(url: str, address: str, ref: str | None) -> Path:
    """The mirror of the repository at `address`, up to date unless it holds the commit `ref` already.

    url: the same as the user named it, for the sentence.
    """
    folder = mirrors() / (hashlib.sha256(address.encode()).hexdigest()[:16] + ".git")
    try:
        if not folder.is_dir():
            with writable(CACHE):
                _clone(address, folder)
        elif ref is None or not _has(folder, ref):
            git("remote", "update", "--prune", at=folder)
    except GitError as error:
        raise Refused(
            f"expected the template {url} to be reachable, got: {error}; "
            "check the network and the address, or name a clone with --template"
        ) from error
    return folder


def _clone(address: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as staging:
        fresh = Path(staging) / folder.name
        git("clone", "--quiet", "--mirror", "--template=", "--", address, str(fresh))
        if not folder.is_dir():
            fresh.rename(folder)


def _has(repository: Path, ref: str) -> bool:
    # A branch moves; a sha and the tag of a release are the same after a fetch.
    if re.fullmatch(r"v?\d+(\.\d+)+[0-9a-z.+-]*", ref):
        ref = f"refs/tags/{ref}"
    elif not re.fullmatch(r"[0-9a-f]{7,40}", ref):
        return False
    try:
        git("cat-file", "-e", f"{ref}^{{commit}}", at=repository)
    except GitError:
        return False
    return True
