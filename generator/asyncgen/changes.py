"""Changes of files as data, and the operations on the file system that make one."""

import errno
import hashlib
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = [
    "Change",
    "digest",
    "digest_of",
    "link_or_copy",
    "make_parents",
    "move",
    "plain",
    "prune_empty_parents",
    "with_line_ends",
    "write_file",
]


@dataclass(frozen=True)
class Change:
    """One file: `path` is relative to the folder, with slashes; `content` is what the file holds afterwards.

    before: the digest of what the change was made for; "" accepts whatever is there. A replaced file has one.
    executable: whether the file may be run; None keeps what a replaced file has.
    """

    kind: Literal["create", "replace", "remove"]
    path: str
    content: str | bytes = ""
    before: str = ""
    executable: bool | None = None

    @property
    def data(self) -> bytes:
        """The content as bytes."""
        return self.content.encode() if isinstance(self.content, str) else self.content


def digest_of(content: bytes) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest(path: Path) -> str:
    """The digest of what is at a path; "" for nothing. A link counts as itself, not as what it leads to."""
    if path.is_symlink():
        return digest_of(os.fsencode(os.readlink(path)) + b"\0")
    return digest_of(path.read_bytes()) if os.path.lexists(path) else ""


def plain(content: bytes) -> bytes:
    """With the line ends that the template has: git may have turned them on checkout."""
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def with_line_ends(content: bytes, like: bytes) -> bytes:
    """The content with CRLF where another one has nothing else; not for a script, which would not run."""
    turned = like.count(b"\r\n")
    if content.startswith(b"#!") or not turned or turned != like.count(b"\n"):
        return content
    return plain(content).replace(b"\n", b"\r\n")


def write_file(file: Path, change: Change, target: Path) -> None:
    """Write a change's content to `file`, with the mode that `target` will have, and flush it to the disk."""
    with open(file, "xb") as handle:
        handle.write(change.data)
        handle.flush()
        os.fsync(handle.fileno())
    mode = stat.S_IMODE((target if change.kind == "replace" else file).stat().st_mode)
    if change.executable is not None:
        mode = mode | (mode & 0o444) >> 2 if change.executable else mode & ~0o111
    file.chmod(mode)


def link_or_copy(source: Path, target: Path) -> None:
    """A second name for a file, which takes no space; a copy where the file system has no hard links."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def move(source: Path, target: Path) -> None:
    """Put a file in the place of another in one step, also from another file system."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}.asyncgen")
        beside.unlink(missing_ok=True)
        shutil.copy2(source, beside, follow_symlinks=False)
        os.replace(beside, target)
        source.unlink()


def make_parents(target: Path) -> None:
    """Make the missing folders above a file."""
    for folder in reversed([folder for folder in target.parents if not folder.exists()]):
        folder.mkdir(exist_ok=True)


def prune_empty_parents(root: Path, path: Path) -> None:
    """Remove the folders between a path and `root` that are empty now: git does not know them."""
    with suppress(OSError):
        for folder in path.parents:
            if folder == root:
                break
            folder.rmdir()
