"""Work shared out among processes that inherit it: only indexes, results and skipped files pass between them."""

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from asyncgen.check.source.skipped import Skipped

__all__ = ["map_jobs", "process_count"]

#: Bytes of code that hints at Celery, below which a second process costs more than it saves.
_WORTH_A_PROCESS = 400_000
_MOST = 8
_T = TypeVar("_T")


def process_count(size: int) -> int:
    """The processes that so many bytes of code that hints at Celery are worth."""
    if size < _WORTH_A_PROCESS or sys.platform == "win32":  # which cannot fork
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return min(available, _MOST)


_jobs: list[tuple[Callable[[int], Any], list[Skipped]]] = []


def map_jobs(job: Callable[[int], _T], count: int, processes: int, skipped: list[Skipped]) -> list[_T]:
    """The results of `job(0)` to `job(count - 1)`, in any order; a process takes the next one when it is done.

    A job appends the files that it skips to `skipped`; in another process that is another list, so it is passed back.
    """
    if processes == 1 or count < 2:
        return [job(index) for index in range(count)]
    import multiprocessing

    results = []
    _jobs.append((job, skipped))
    try:
        with multiprocessing.get_context("fork").Pool(min(processes, count)) as pool:
            for result, more in pool.imap_unordered(_one, range(count)):
                results.append(result)
                skipped += more
    finally:
        _jobs.pop()
    return results


def _one(index: int) -> tuple[Any, list[Skipped]]:
    job, skipped = _jobs[-1]
    before = len(skipped)
    return job(index), skipped[before:]
