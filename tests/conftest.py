"""The order in which tests run, the signals that their processes inherit, and where their files are."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

MEMORY, ROOM = Path("/dev/shm"), 8 * 2**30
"""A file system in memory, where tests write a hundred thousand small files, and the bytes that have to be free."""


def pytest_configure(config: pytest.Config) -> None:
    """A shell lets what it runs in the background ignore SIGINT, and every process from there on ignores it too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "TMPDIR" not in os.environ and in_memory():
        folder = tempfile.mkdtemp(prefix="acg-", dir=MEMORY)
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        # For this process, for those of xdist and for all that they start.
        os.environ["TMPDIR"] = tempfile.tempdir = folder


def in_memory() -> bool:
    """Whether the folders of tests can be in memory: some systems have little room there, or run no program from it."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return False
    return not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first, in each half of the list: `-n 2` deals out halves, and neither process should end alone."""
    long = [item for item in items if item.get_closest_marker("long")]
    short = [item for item in items if not item.get_closest_marker("long")]
    middle = len(short) // 2
    items[:] = long[::2] + short[:middle] + long[1::2] + short[middle:]
