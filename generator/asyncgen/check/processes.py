"""Work shared out among processes that inherit it: only indexes, findings and notices pass between them."""

import os
from collections.abc import Callable

from asyncgen.check.finding import Finding

__all__ = ["how_many", "shared_out"]

#: Bytes of Celery-minded code below which a second process costs more than it saves.
_WORTH_A_PROCESS = 400_000
_MOST = 8


def how_many(size: int) -> int:
    """The processes that so many bytes of Celery-minded code are worth."""
    if size < _WORTH_A_PROCESS or not hasattr(os, "fork"):
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return min(available, _MOST)


_jobs: list[tuple[Callable[[int], list[Finding]], list[str]]] = []


def shared_out(
    job: Callable[[int], list[Finding]], count: int, processes: int, told: list[str], chunk: int = 1
) -> list[Finding]:
    """The findings of `job(0)` to `job(count - 1)`; a process takes the next `chunk` of them when it is done.

    What a job tells is what it appends to `told`: a list of another process, so it is passed back and appended here.
    """
    if processes == 1 or count < 2:
        return [finding for index in range(count) for finding in job(index)]
    import multiprocessing

    findings = []
    _jobs.append((job, told))
    try:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            for found, texts in pool.imap_unordered(_one, range(count), chunksize=chunk):
                findings += found
                told += texts
    finally:
        _jobs.pop()
    return findings


def _one(index: int) -> tuple[list[Finding], list[str]]:
    job, told = _jobs[-1]
    before = len(told)
    return job(index), told[before:]
