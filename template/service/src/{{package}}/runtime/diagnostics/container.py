"""The memory that this container may use, compared with what a worker of the queue table needs."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..queues import QueueClass
from . import Finding, megabytes, processes

__all__ = ["diagnose", "memory_limit"]

MAIN, CHILD = 60_000_000, 55_000_000
"""Bytes of a worker's main process and of a prefork child, their shared parts divided, before any task has run."""


def diagnose(queues: Sequence[QueueClass], limit: int | None) -> Finding:
    """Compare `limit`, in bytes, with the queue whose worker needs most: each has one of its own."""
    needs = {queue: MAIN + CHILD * (processes(queue) if queue.pool == "prefork" else 0) for queue in queues}
    queue = max(needs, key=lambda each: needs[each])
    need = f"{megabytes(needs[queue])} for a worker of queue {queue.name}"
    if limit is None:
        return Finding("container memory", True, f"no limit; at least {need}")
    if limit >= needs[queue]:
        return Finding("container memory", True, f"{megabytes(limit)}, at least {need}")
    affordable = max(1, (limit - MAIN) // CHILD)
    return Finding(
        "container memory",
        False,
        f"expected at least {need} ({processes(queue)} processes), got: {megabytes(limit)}; else the kernel kills one",
        fix=f"raise the container's limit, or set concurrency={affordable} for {queue.name} in queues.py",
    )


def memory_limit(groups: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The bytes that this process may use by its control group and those above it; None where nothing limits it.

    A container sees its own group at `root`, also where `groups` tells the path that the host has for it.
    """
    limits = []
    for line in groups.read_text().splitlines() if groups.is_file() else []:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base, name = (root / "memory", "memory.limit_in_bytes") if controllers else (root, "memory.max")
        for folder in [base / path.strip("/"), *(base / path.strip("/")).parents]:
            if (file := folder / name).is_file() and (told := file.read_text().strip()).isdecimal():
                limits.append(int(told))
            if folder == base:
                break
    limit = min(limits, default=None)
    return limit if limit and limit < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") else None
