"""The resources of a run: the limits that follow from the expected seconds, and the queue that admits them."""

import re
from collections.abc import Sequence

from ..errors import BadInput
from ..names import nearest
from ..service import QueueClass

__all__ = ["BOUNDS", "check_bound", "check_expected", "check_rate_limit", "choose_queue", "limits"]

BOUNDS = ("io", "cpu")

_LONGEST_EXPECTED = 24 * 3600
_FEWEST_AN_HOUR = 60


def check_expected(seconds: int) -> int:
    """How long a run takes as a rule."""
    if not 1 <= seconds <= _LONGEST_EXPECTED:
        raise BadInput(f"expected the expected seconds to be 1 to {_LONGEST_EXPECTED}, got: {seconds}")
    return seconds


def limits(expected: int) -> tuple[int, int]:
    """The soft and the hard limit in seconds: twice and three times what is expected, at least 5 and 10."""
    return max(5, 2 * expected), max(10, 3 * expected)


def check_bound(bound: str) -> str:
    """What a run spends its time on: waiting for others (`io`), or the processor (`cpu`); "" if unknown."""
    if bound and bound.lower() not in BOUNDS:
        raise BadInput(f"expected bound to be io or cpu, got: {bound}")
    return bound.lower()


def check_rate_limit(rate: str) -> str:
    """How many runs one worker may start in a second, a minute or an hour, as Celery writes it; "" for no limit."""
    if not rate:
        return ""
    found = re.fullmatch(r"([0-9]{1,6})/([smh])", rate.strip())
    if not found or not int(found[1]):
        raise BadInput(
            f"expected --rate-limit to be a number of runs a second, minute or hour, got: {rate}; such as 10/m"
        )
    if found[2] == "h" and int(found[1]) < _FEWEST_AN_HOUR:
        # A worker holds the message while it waits, and RabbitMQ redelivers a message that is not acknowledged in time.
        raise BadInput(
            f"expected --rate-limit to be at least {_FEWEST_AN_HOUR}/h, since a worker holds the messages that wait, "
            f"got: {rate}; let a scheduled task publish the work instead, with --every"
        )
    return f"{int(found[1])}/{found[2]}"


def choose_queue(requested: str | None, expected: int, queues: Sequence[QueueClass], bound: str = "") -> QueueClass:
    """The named queue, else the one that fits best; each only if the hard limit fits its longest run.

    Best is one of threads for what waits for others; else DEFAULT, else the shortest, of processes before threads.
    """
    hard = limits(expected)[1]
    fitting = sorted((q for q in queues if q.max_runtime >= hard), key=lambda q: q.max_runtime)
    if requested is None:
        if not fitting:
            raise _too_long(max(queues, key=lambda q: q.max_runtime), expected, fitting)
        pool = "threads" if bound == "io" else "prefork"
        best = [queue for queue in fitting if queue.pool == pool]
        best = best or [queue for queue in fitting if queue.pool == "prefork"]
        if not best:
            raise _threads(fitting[0])
        return next((queue for queue in best if queue.member == "DEFAULT"), best[0])
    named = {queue.member: queue for queue in queues}
    queue = named.get(requested.upper())
    if queue is None:
        near = nearest(requested.upper(), named)
        fix = f"did you mean {near}?" if near else f"asyncgen add-queue {requested.lower()} adds it"
        raise BadInput(f"expected the queue to be one of {', '.join(named)}, got: {requested}; {fix}")
    if queue not in fitting:
        raise _too_long(queue, expected, fitting)
    if queue.pool == "threads" and bound == "cpu":
        raise _threads(queue)
    return queue


def _threads(queue: QueueClass) -> BadInput:
    return BadInput(
        f"expected a queue of processes for work on the processor, since threads share one and know no time limits, "
        f"got: {queue.member}, of threads; name another, add one with asyncgen add-queue, or say --bound io"
    )


def _too_long(queue: QueueClass, expected: int, fitting: Sequence[QueueClass]) -> BadInput:
    hard = limits(expected)[1]
    longest = queue.max_runtime // 3
    shorter = f"--expected {longest}" if longest and queue.max_runtime >= 10 else "a longer queue"
    fix = f"use --queue {fitting[0].member}" if fitting else f"split the work, and use {shorter}"
    return BadInput(
        f"expected the hard limit of a task, 3 times its expected {expected} s, to fit the longest run of "
        f"{queue.member}, {queue.max_runtime} s, got: {hard} s; {fix}"
    )
