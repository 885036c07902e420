"""What every writer of folders needs: one process at a time, and the system's errors as sentences."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Refused

__all__ = ["locked", "system_error", "translate_os_errors"]


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the folder's lock, which the system frees when the process ends, however it ends.

    wait: False raises OSError where another process holds it.
    """
    if sys.platform == "win32":
        import hashlib
        import tempfile

        from filelock import FileLock

        # Windows locks no folders: a file outside of it stands for each.
        name = hashlib.sha256(os.fsencode(os.path.normcase(os.path.realpath(folder)))).hexdigest()
        with FileLock(Path(tempfile.gettempdir(), "asyncgen-locks", f"{name[:16]}.lock"), timeout=-1 if wait else 0):
            yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


@contextmanager
def translate_os_errors(folder: Path | str, advice: str = "") -> Iterator[None]:
    """Turn an error of the system into one sentence: of the folder, with the advice, or of the path it names."""
    try:
        yield
    except OSError as error:
        if isinstance(error.filename, str) and not Path(error.filename).is_relative_to(folder):
            raise Refused(system_error(error)) from error
        reason = error.strerror or str(error)
        raise Refused(f"expected {folder} to be writable, got: {reason.lower()}{advice}") from error


def system_error(error: OSError) -> str:
    """The sentence for an error of the system, with the path that it names."""
    if error.errno == errno.ENOENT and error.filename is None:
        return "expected the current folder to exist, got: it was removed; go to another one"
    if error.errno == errno.ENOSPC and error.filename is None:
        full = (error.strerror or str(error)).lower()
        return f"expected space for the project and for temporary files, got: {full}; free some, or set TMPDIR"
    named = isinstance(error.filename, str | bytes | os.PathLike)
    what = f"{os.fsdecode(error.filename)} to be accessible" if named else "the system to do what the command asks"
    return f"expected {what}, got: {(error.strerror or str(error)).lower()}; correct that and run the command again"
