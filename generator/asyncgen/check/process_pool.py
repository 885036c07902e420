"""Work shared out among processes that inherit it: only indexes, findings and notices pass between them."""

import os
from collections.abc import Callable

from asyncgen.check.findings.finding import Finding

__all__ = ["map_jobs", "process_count"]

#: Bytes of code that hints at Celery, below which a second process costs more than it saves.
_WORTH_A_PROCESS = 400_000
_MOST = 8


def process_count(size: int) -> int:
    """The processes that so many bytes of code that hints at Celery are worth."""
    if size < _WORTH_A_PROCESS or not hasattr(os, "fork"):
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return min(available, _MOST)


_jobs: list[tuple[Callable[[int], list[Finding]], list[str]]] = []


def map_jobs(
    job: Callable[[int], list[Finding]], count: int, processes: int, notices: list[str], chunk: int = 1
) -> list[Finding]:
    """The findings of `job(0)` to `job(count - 1)`; a process takes the next `chunk` of them when it is done.

    A job appends what its user should know to `notices`; in another process that is another list, so it is passed back.
    """
    if processes == 1 or count < 2:
        return [finding for index in range(count) for finding in job(index)]
    import multiprocessing

    findings = []
    _jobs.append((job, notices))
    try:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            for found, texts in pool.imap_unordered(_one, range(count), chunksize=chunk):
                findings += found
                notices += texts
    finally:
        _jobs.pop()
    return findings


def _one(index: int) -> tuple[list[Finding], list[str]]:
    job, notices = _jobs[-1]
    before = len(notices)
    return job(index), notices[before:]
