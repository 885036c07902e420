"""What the kernel knows of processes: Linux's /proc."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["cpu", "family", "memory"]

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all its descendants, itself first."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(each for child in children for each in family(int(child)))]


def cpu(pids: list[int]) -> float:
    """Seconds of CPU, user and system, that the processes have used so far; a server's helpers come and go."""
    ticks = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def memory(pid: int) -> float:
    """The resident set of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"expected /proc/{pid}/status to have VmRSS, got: none; is it alive?")
