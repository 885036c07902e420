"""Whether a path that a template names may be written in a project, judged for every system that may check it out.

What counts as .git follows `verify_path`, `is_ntfs_dotgit` and `is_hfs_dotgit` of git, whatever core.protectNTFS and
core.protectHFS say here: the project is cloned elsewhere.
"""

import os
import re
from pathlib import Path, PureWindowsPath

from .errors import Refused

__all__ = ["check_path"]

# Windows ignores dots and blanks at the end of a name, and takes what follows a colon for a stream of the same file.
_GIT = re.compile(r"(\.git|git~1)[. ]*(:.*)?", re.IGNORECASE | re.DOTALL)
_UP = re.compile(r"\.[. ]*\.[. ]*")
# The code points that HFS+ ignores in a name.
_IGNORED = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])


def check_path(path: str, whose: str, root: Path | None = None) -> None:
    """Raise Refused for a path that is absolute, leads up, or is .git or below one, at any depth.

    path: relative to the project, with slashes or backslashes.
    whose: what names the path, for the sentence.
    root: the project, where the links that are in it are followed.
    """
    got, fix = _offence(path), f"do not use {whose}"
    if not got and root is not None:
        top, place = Path(os.path.realpath(root)), Path(os.path.realpath(root / path))
        fix = "remove the link"
        if not place.is_relative_to(top):
            got = f"a link to {place}"
        elif _offence(place.relative_to(top).as_posix()):
            got = "a link into .git"
    if got:
        shown = path if path.isprintable() else ascii(path)
        raise Refused(f"expected {shown} to stay in the project and out of .git, got: {got}; {fix}")


def _offence(path: str) -> str:
    """What is wrong with a path by itself; "" for nothing."""
    parts = re.split(r"[/\\]", path)
    if not parts[0] or PureWindowsPath(path).drive:
        return "an absolute path"
    if any(_UP.fullmatch(part) for part in parts):
        return "a way up"
    if any(_GIT.fullmatch(part.translate(_IGNORED)) for part in parts):
        return "a name that git keeps for itself"
    return ""
