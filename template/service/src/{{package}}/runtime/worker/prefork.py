"""The pool of processes: Celery's, except that a warm shutdown forgets no run.

At SIGTERM Celery's drops what it has handed to a process that has not yet reported the start (`AsynPool.flush`). The
process runs it all the same: its end is never reported, and the message is requeued.
"""

from typing import Any

from billiard.pool import CLOSE
from celery import concurrency
from celery.concurrency import asynpool, prefork

__all__ = ["TaskPool", "install"]


class _Pool(asynpool.AsynPool):
    _cache: dict[int, Any]
    _flush_writer: Any
    _state: int

    def flush(self) -> None:
        """Forget what waits to be handed to a process; if the broker went away, also what was handed over."""
        closing = self._state == CLOSE
        handed = {id_: job for id_, job in self._cache.items() if closing and _is_handed_over(job)}
        for job in handed.values():
            if writer := job._writer():
                self._flush_writer(job._write_to, writer)
        super().flush()
        self._cache.update((id_, job) for id_, job in handed.items() if not job.ready())


class TaskPool(prefork.TaskPool):
    """One that waits for the result of every run that was handed over."""

    Pool = _Pool


def install() -> None:
    """Make `--pool prefork` this one."""
    vars(concurrency)["ALIASES"]["prefork"] = f"{__name__}:{TaskPool.__name__}"


def _is_handed_over(job: Any) -> bool:
    return bool(job._write_to and job._write_to._is_alive())
