"""Which slots of the pool hang: a process that is stopped or takes no task, and a run beyond its hard limit.

A run within its limit is work, however long it takes; Celery ends one of a process at its hard limit, and none of a
thread. What Celery never ends is a run that a process was handed and does not begin.
"""

from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

from celery.worker import state

__all__ = ["Slots"]

Suspicion = tuple[Hashable, int, float]
"""What is seen, in which process, and the seconds after which that process hangs."""


class Slots:
    """The processes or threads of a pool, looked at again and again from any thread.

    patience: seconds that a process may be stopped, or leave a run unbegun. margin: seconds beyond a hard limit.
    """

    def __init__(self, pool: Any, patience: float, margin: float) -> None:
        self._pool = pool
        self._patience = patience
        self._margin = margin
        self._since: dict[Hashable, float] = {}

    def forget(self) -> None:
        """Begin anew: nobody could do anything meanwhile."""
        self._since.clear()

    def all_hang(self, now: float) -> bool:
        """Whether no slot is left that could do work."""
        suspicions = list(self._suspicions())
        self._since = {seen: self._since.get(seen, now) for seen, _, _ in suspicions}
        hanging = [pid for seen, pid, patience in suspicions if now - self._since[seen] >= patience]
        if (processes := self._processes()) is None:
            return bool(len(hanging) >= self._pool.num_processes)
        return bool(processes) and {process.pid for process in processes} <= set(hanging)

    def _processes(self) -> list[Any] | None:
        """Those of a prefork pool; None where threads run the tasks."""
        pool = getattr(self._pool, "_pool", None)
        return None if pool is None else list(pool._pool)

    def _suspicions(self) -> Iterator[Suspicion]:
        for request in list(state.active_requests):
            limit = request.time_limits[0] or request.task.time_limit
            if limit:
                yield request, request.worker_pid, limit + self._margin
        for process in self._processes() or ():
            if _is_stopped(process.pid):
                yield ("stopped", process.pid), process.pid, self._patience
        if self._processes() is not None:
            for number, job in list(self._pool._pool._cache.items()):
                if (process := getattr(job, "_write_to", None)) is not None and not job._accepted:
                    yield ("unbegun", number), process.pid, self._patience


def _is_stopped(pid: int) -> bool:
    """Whether a signal or a debugger has stopped the process, where Linux tells."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] in (b"T", b"t")
