"""The order in which tests run, the signals that their processes inherit, and where their files are."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from asyncgen.locks import locked
from asyncgen.plan import sweep

MEMORY, ROOM = Path("/dev/shm"), 8 * 2**30
"""A file system in memory, since tests write a hundred thousand small files, and the bytes that have to be free."""
LINTED = Path(__file__).parents[1] / ".mypy_cache"
"""What `make lint` leaves."""


def pytest_configure(config: pytest.Config) -> None:
    """A shell lets what it runs in the background ignore SIGINT, and every process from there on ignores it too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "TMPDIR" not in os.environ:
        # For this process, for those of xdist and for all that they start.
        stack = ExitStack()
        config.add_cleanup(stack.close)
        os.environ["TMPDIR"] = tempfile.tempdir = stack.enter_context(folder_for_files())
    # Hundreds of processes are started: each would compile the runtime anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # What mypy knows of libraries, for all the projects that one process has checked: it takes six seconds of a core to
    # know Celery, of which `make lint` has learned most. The tests that run it are in one group, `mypy`.
    cache = Path(tempfile.gettempdir()) / f"mypy-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    os.environ["MYPY_CACHE_DIR"] = str(cache)
    if LINTED.is_dir():
        shutil.copytree(LINTED, cache, dirs_exist_ok=True)


@contextmanager
def folder_for_files() -> Iterator[str]:
    """A folder for all that a run writes; it goes at the end, and what killed runs left goes. Set TMPDIR to keep it."""
    place = MEMORY if in_memory() else Path(tempfile.gettempdir())
    sweep(place, "acg-", idle=60)
    made = tempfile.TemporaryDirectory(prefix="acg-", dir=place, ignore_cleanup_errors=True)
    with made as folder, locked(Path(folder)):
        yield folder


def in_memory() -> bool:
    """Whether files can be in memory: some systems have little room there, or run no program from it."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return False
    return not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first: `--dist loadgroup` deals out tests and groups in this order, and no process ends alone."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
