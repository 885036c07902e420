"""The services of workers in compose.yaml, and what compose.override.yaml changes of them in development."""

import re
from collections.abc import Sequence

from ..edits import Edit, edited, unable
from ..service import QueueClass, Service
from .grace import grace_period

__all__ = ["compose", "override"]

_WORKER = re.compile(r"^  worker-([a-z0-9-]+):\n(?:(?:    .*)?\n)*", re.MULTILINE)
_GRACE = re.compile(r"^(    stop_grace_period: ).*$", re.MULTILINE)
_DEVELOPED = re.compile(r"^  worker-([a-z0-9-]+):.*\n(?:    .*\n)*", re.MULTILINE)


def compose(path: str, text: str, service: Service, queues: Sequence[QueueClass]) -> Edit:
    """One service of workers for each queue, with its grace period."""
    before = text
    for queue in queues:
        name = queue.name.replace("_", "-")
        block = next((found for found in _WORKER.finditer(text) if found[1] == name), None)
        if block is None:
            after = [found.end() for found in _WORKER.finditer(text)]
            services = re.search(r"^services:\n", text, re.MULTILINE)
            if not after and services is None:
                return unable(path, f"add a service to {path}:\n{_worker(queue)}")
            at = after[-1] if after else services.end() if services else 0
            text = f"{text[:at]}{_worker(queue)}\n{text[at:]}"
            continue
        changed, found = _GRACE.subn(rf"\g<1>{grace_period(queue)}s", block[0])
        if not found:
            return unable(
                path, f"give worker-{name} in {path} the line:\n    stop_grace_period: {grace_period(queue)}s"
            )
        text = text[: block.start()] + changed + text[block.end() :]
    return _unless_gone(path, before, text, _WORKER, queues)


def _unless_gone(path: str, before: str, after: str, pattern: re.Pattern[str], queues: Sequence[QueueClass]) -> Edit:
    names = {queue.name.replace("_", "-") for queue in queues}
    if gone := [found[1] for found in pattern.finditer(after) if found[1] not in names]:
        return unable(path, f"take worker-{gone[0]} out of {path}: no queue of the table has that name")
    return edited(path, before, after)


def _worker(queue: QueueClass) -> str:
    return (
        f"  worker-{queue.name.replace('_', '-')}:\n"
        "    <<: *service\n"
        f"    command: [worker, --queue, {queue.name}]\n"
        f"    stop_grace_period: {grace_period(queue)}s\n"
    )


def override(path: str, text: str, service: Service, queues: Sequence[QueueClass]) -> Edit:
    """A line for each queue's workers, where the file says with an anchor what they are to have."""
    before, known = text, [found[1] for found in _DEVELOPED.finditer(text)]
    for queue in queues if known and "&development" in text else ():
        if (name := queue.name.replace("_", "-")) not in known:
            at = max(found.end() for found in _DEVELOPED.finditer(text))
            text = f"{text[:at]}  worker-{name}: *development\n{text[at:]}"
    return _unless_gone(path, before, text, _DEVELOPED, queues)
