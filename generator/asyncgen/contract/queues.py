"""What changed in the queues of a service."""

from collections.abc import Iterator

from .changes import MESSAGES, NEW_PRODUCERS, OLD_PRODUCERS, Change
from .document import Contract, Queue
from .json_values import same, shown

__all__ = ["queue_changes"]

EMPTY = (
    "add a queue of another name, move the tasks there by tasks of another name, and remove this one when it is empty"
)


def queue_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """The changes of the broker and of each queue of the old contract, then the queues that are new."""
    if old.broker != new.broker:
        yield Change(
            "broker-changed",
            "broker",
            f"it is {new.broker}, was {old.broker}",
            (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
            "no worker of the new release sees what lies on the old broker",
            "keep workers of the old release on the old broker until its queues are empty",
        )
    by_address = {queue.address: queue for queue in new.queues}
    by_name = {queue.name: queue for queue in new.queues}
    for queue in old.queues:
        successor = by_address.get(queue.address)
        if successor is None:
            gone = f"{queue.address} is gone"
            renamed = by_name.get(queue.name)
            yield Change(
                "queue-removed",
                queue.name,
                f"its name on the broker is {renamed.address}, was {queue.address}" if renamed else gone,
                (MESSAGES, OLD_PRODUCERS),
                "nothing consumes what lies in it, and what is still sent to it",
                "keep it, without tasks, until it is empty and nothing sends to it",
            )
        elif old.broker == new.broker:
            yield from _compared(queue, successor)
    addresses = {queue.address for queue in old.queues}
    for queue in new.queues:
        if queue.address not in addresses and queue.name not in {each.name for each in old.queues}:
            yield Change(
                "queue-added", queue.name, "it is new", fix="deploy its workers before producers that send to it"
            )


def _compared(old: Queue, new: Queue) -> Iterator[Change]:
    for code, what, before, after in (
        ("exchange-changed", "exchange", old.exchange, new.exchange),
        ("queue-arguments-changed", "arguments", old.arguments, new.arguments),
    ):
        if not same(before, after):
            yield Change(
                code,
                new.name,
                f"its {what} are {shown(after)}, were {shown(before)}",
                (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
                "RabbitMQ refuses to declare it again with others (PRECONDITION_FAILED): workers do not start",
                EMPTY,
            )
    if not same(old.max_runtime, new.max_runtime):
        yield Change("max-runtime-changed", new.name, f"max_runtime is {new.max_runtime}, was {old.max_runtime}")
