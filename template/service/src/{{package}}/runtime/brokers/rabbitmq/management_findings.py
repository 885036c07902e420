"""What only RabbitMQ's management API tells: policies of the service's queues, memory and disk, and its clock."""

import time
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Any
from urllib.error import HTTPError

from ...diagnostics import Finding, clock, collected, megabytes, unknown
from ...settings import PREFIX
from .management import answer
from .settings import rabbitmq_settings

__all__ = ["findings"]

TIMEOUT = 3.0
"""Seconds for one answer."""

FULL = 0.8
"""The share of its memory limit above which a node is about to block publishers."""

DROPPING = {"message-ttl", "expires", "max-length", "max-length-bytes"}
"""What a policy can say that the service does not, and that drops messages."""


FIGURES = ("mem_used", "mem_limit", "disk_free", "disk_free_limit")
"""Bytes. A node that has just started tells none."""


def findings(vhost: str, queues: Sequence[str], timeout: int) -> Iterator[Finding]:
    """Yield findings, one of each subject; one that is unknown for each question that is not answered.

    queues: names on the wire. timeout: seconds; the consumer timeout that the service assumes.
    """
    try:
        yield from _policies(vhost, queues, timeout)
    except OSError as error:
        by_hand = f"rabbitmqctl -p {quote(vhost)} list_policies"
        yield unknown("rabbitmq policies", _reason(error), "none that limits a queue of the service", by_hand)
    try:
        yield from _nodes()
    except OSError as error:
        expected = f"each node to have less than {FULL:.0%} of its memory limit in use"
        yield unknown("rabbitmq memory", _reason(error), expected, "rabbitmq-diagnostics status")


def _policies(vhost: str, queues: Sequence[str], timeout: int) -> Iterator[Finding]:
    """What the server has merged of policies and operators' policies, for each queue that is there."""
    faults = []
    for name in queues:
        before = time.time()
        queue, told = _answer("queues", vhost, name)
        if name == queues[0] and told is not None:
            yield clock("rabbitmq", told, before, time.time(), precision=1)
        if not queue or not (limits := _limits(queue.get("effective_policy_definition") or {}, timeout)):
            continue
        policies = {"clear_policy": queue.get("policy"), "clear_operator_policy": queue.get("operator_policy")}
        clear = [f"rabbitmqctl -p {quote(vhost)} {command} {quote(each)}" for command, each in policies.items() if each]
        faults.append((f"expected no policy to limit {name}, got: {limits}", " && ".join(clear)))
    yield collected("rabbitmq policies", faults, "none limits a queue of the service")


def _nodes() -> Iterator[Finding]:
    """Memory and disk of each node, and whether it runs."""
    running, memory, disk, seen = [], [], [], []
    for node in _answer("nodes")[0] or ():
        name = node["name"]
        if not node.get("running"):
            start = f"rabbitmqctl -n {name} start_app"
            running.append(
                (f"expected each node to run, got: {name} that does not, so its queues lack a member", start)
            )
            continue
        if not node.keys() >= set(FIGURES):
            raise OSError(f"{name} has not told its figures yet")
        used, limit, free, least = (node[key] for key in FIGURES)
        seen.append(f"{megabytes(used)} of {megabytes(limit)}, {megabytes(free)} of disk free at {name}")
        if used > FULL * limit:
            detail = f"expected less than {FULL:.0%} of the limit at which publishers are blocked, got: {seen[-1]}"
            raised = f"rabbitmqctl -n {name} set_vm_memory_high_watermark absolute {2 * max(used, limit)}"
            memory.append((detail, f"{raised}  # where it has that memory; else start workers"))
        if free < 2 * least:
            detail = f"expected twice the {megabytes(least)} below which publishers are blocked, got: {seen[-1]}"
            disk.append((detail, f"df -h  # at {name}: free its disk"))
    yield collected("rabbitmq nodes", running, f"{len(seen)} run")
    yield collected("rabbitmq memory", memory, "; ".join(seen))
    yield collected("rabbitmq disk", disk, "; ".join(seen))


def _answer(path: str, *names: str) -> tuple[Any, float | None]:
    if not rabbitmq_settings().rabbitmq_management_url:
        raise OSError(f"{PREFIX}RABBITMQ_MANAGEMENT_URL is not set")
    return answer(path, *names, timeout=TIMEOUT)


def _limits(policy: dict[str, Any], timeout: int) -> str:
    """What of a policy drops messages, or takes one from a worker earlier than the service expects."""
    limits = {key: value for key, value in policy.items() if key in DROPPING}
    if 0 < policy.get("consumer-timeout", 0) < timeout * 1000:
        limits["consumer-timeout"] = policy["consumer-timeout"]
    return ", ".join(f"{key} {value}" for key, value in sorted(limits.items()))


def _reason(error: OSError) -> str:
    refused = isinstance(error, HTTPError) and error.code in (401, 403)
    return f"{error}; the user needs the tag monitoring" if refused else str(error)
