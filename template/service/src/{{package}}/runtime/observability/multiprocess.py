"""Counting in several processes: each has a file for what it counts, and a scrape adds them up.

The files are prometheus_client's (its multiprocess mode), which it chooses when it is imported, by whomever: so the
folder is made before anything else is. Each worker makes one of its own, in the folder that PROMETHEUS_MULTIPROC_DIR
names, by default in memory. What a process that has ended counted goes into one file for all of them.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from ..errors import ConfigurationError
from ..settings import NAME

__all__ = ["VARIABLE", "prepare"]

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = f"{NAME}-metrics-"

MEMORY = "/dev/shm"
"""Where files are in memory, on Linux: on a disk that is full, to count would end the process (SIGBUS)."""


def prepare() -> None:
    """Make this process's folder and name it in the environment. Raises ConfigurationError."""
    parent = Path(os.environ.get(VARIABLE) or (MEMORY if os.access(MEMORY, os.W_OK) else tempfile.gettempdir()))
    try:
        _remove_abandoned(parent)
        made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent))
        _lock(made)
        folder = made.rename(parent / made.name.removeprefix("."))
    except OSError as error:
        raise ConfigurationError(
            f"expected {parent} to be a folder for what the processes of a worker count, got: {error}; "
            f"set {VARIABLE} to one that can be written"
        ) from error
    os.environ[VARIABLE] = str(folder)
    atexit.register(_remove, folder, os.getpid())


def _lock(folder: Path) -> int:
    """Lock a folder for as long as this process or a child of it lives; raises BlockingIOError if another one does."""
    import fcntl  # not on Windows, where no worker runs

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def _remove_abandoned(parent: Path) -> None:
    """What workers that were killed have left."""
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            descriptor = _lock(folder)
        except OSError:  # in use, or another user's
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove(folder: Path, pid: int) -> None:
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)
