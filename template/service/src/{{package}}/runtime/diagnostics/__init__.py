"""What `doctor` finds out: about the broker, the store of idempotency keys, and this machine.

Each server's module asks it for what the service relies on. Nothing is changed, and what a server does not tell, such
as a managed Redis that refuses CONFIG, is said to be unknown.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from ..queues import QueueClass
from ..settings import PREFIX, settings

__all__ = ["MAX_CLOCK_SKEW", "Finding", "clock", "collected", "losing", "megabytes", "processes", "unknown"]

MAX_CLOCK_SKEW = 2.0
"""Seconds. `eta` and `expires` are compared with the clock of the worker, leases and due times with the server's."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is as it has to be, and what was seen.

    ok: nothing has to be changed, as far as is known. warning: it is not as it should be, but good enough, such as for
    development. unknown: it could not be asked. fix: the command that changes it, or that asks for what is unknown; in
    several lines, if there are several.
    """

    subject: str
    ok: bool
    detail: str
    warning: bool = False
    fix: str = ""
    unknown: bool = False


def unknown(subject: str, why: str, expected: str, fix: str) -> Finding:
    """What could not be asked, because of `why`, and has to be as `expected`; `fix` asks for it by hand."""
    return Finding(subject, True, f"could not be asked ({why}); expected {expected}", fix=fix, unknown=True)


def collected(subject: str, faults: Sequence[tuple[str, str]], otherwise: str) -> Finding:
    """One finding for several faults of one kind, each a detail and its fix; `otherwise` is the detail of none."""
    if not faults:
        return Finding(subject, True, otherwise)
    return Finding(
        subject,
        False,
        "; ".join(detail for detail, _ in faults),
        fix="\n".join(dict.fromkeys(fix for _, fix in faults)),
    )


def losing(subject: str, detail: str, fix: str) -> Finding:
    """A server that loses what it has acknowledged, when it is killed: a warning in development, else a failure."""
    development = settings().development
    if not development:
        detail += f" ({PREFIX}ENVIRONMENT=development makes this a warning)"
    return Finding(subject, development, detail, warning=development, fix=fix)


def clock(server: str, told: float, before: float, after: float, precision: float = 0) -> Finding:
    """Compare a server's clock with this machine's; all are seconds since 1970.

    told: its time, rounded down to `precision`. before, after: this machine's, around the question.
    """
    skew = max(told - after, before - told - precision, 0)
    subject = f"{server} clock"
    if skew <= MAX_CLOCK_SKEW:
        return Finding(subject, True, f"within {MAX_CLOCK_SKEW:g} s of this machine's")
    detail = (
        f"expected it to be within {MAX_CLOCK_SKEW:g} s of this machine's, got: {skew:.1f} s "
        f"{'ahead of' if told > after else 'behind'} it; else delays, `expires` and leases end too early or too late"
    )
    return Finding(subject, False, detail, fix="timedatectl set-ntp true  # on the machine whose clock is wrong")


def processes(queue: QueueClass) -> int:
    """How many processes, or threads, a worker of the queue has on this machine."""
    return queue.concurrency or os.cpu_count() or 1


def megabytes(size: float) -> str:
    """A number of bytes, rounded up."""
    return f"{math.ceil(size / 1_000_000)} MB"
