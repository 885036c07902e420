"""What every writer of folders needs: one process at a time, and the system's errors in the one voice."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Refused

__all__ = ["explained", "locked"]


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the folder's lock, which the system frees when the process ends, however it ends.

    Windows has no such lock: two runs at once in one folder are not kept apart there.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


@contextmanager
def explained(folder: Path, advice: str = "") -> Iterator[None]:
    """Turn an error of the system into the one sentence, which ends in the advice."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused(f"expected {folder} to be writable, got: {reason.lower()}{advice}") from error
