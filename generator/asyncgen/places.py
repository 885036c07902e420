"""The folders outside a project that asyncgen writes to, each of which a variable of the environment can move."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Refused
from .locks import translate_os_errors

__all__ = ["CACHE", "HOME", "STATE", "is_mirror", "mirrors", "user_folder", "writable"]

HOME = "ASYNCGEN_HOME"
CACHE = "XDG_CACHE_HOME"
STATE = "XDG_STATE_HOME"
_IN_THE_HOME = {HOME: "~/.asyncgen", CACHE: "~/.cache", STATE: "~/.local/state"}


def user_folder(variable: str) -> Path:
    """The folder that one of the variables names, else its place in the user's home; Refused where there is no home."""
    try:
        return Path(os.path.abspath(Path(os.environ.get(variable) or _IN_THE_HOME[variable]).expanduser()))
    except RuntimeError as error:
        raise Refused(f"expected the user to have a home folder, got: none; set {variable} to a folder") from error


def mirrors() -> Path:
    """Where the mirrors of git URLs are."""
    return user_folder(CACHE) / "asyncgen"


def is_mirror(folder: Path) -> bool:
    """Whether a folder is one of asyncgen's own mirrors."""
    try:
        return folder.parent == mirrors()
    except Refused:
        return False


@contextmanager
def writable(variable: str) -> Iterator[None]:
    """Turn an error of the system below such a folder into the sentence that names the variable."""
    with translate_os_errors(user_folder(variable), f"; set {variable} to a folder that is"):
        yield
