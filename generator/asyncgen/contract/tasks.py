"""What changed in the tasks of a service."""

from collections.abc import Iterator

from .arguments import argument_changes
from .changes import KEYS, MESSAGES, NEW_PRODUCERS, NEW_TASK, OLD_PRODUCERS, Change
from .document import Contract, Task
from .json_values import same, shown

__all__ = ["task_changes"]

UNKNOWN = "workers that do not know the name make each such message a dead letter"
AGAIN = "what is redelivered, published twice or replayed across the deployment runs again"


def task_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """The changes of each task of the old contract, then the tasks that are new."""
    former = {name for task in old.tasks for name in task.names}
    fresh = [task for task in new.tasks if former.isdisjoint(task.names)]
    for task in old.tasks:
        successor = next((each for each in new.tasks if task.name in each.names), None)
        if successor:
            yield from _compared(task, successor)
            continue
        renamed = next((each for each in fresh if _alike(task, each)), None)
        if renamed:
            fresh.remove(renamed)
            yield Change(
                "task-renamed",
                task.title,
                f"{task.name} is gone, and {renamed.name}, which is like it, is new",
                (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS, KEYS),
                UNKNOWN,
                f'rename it with aliases=("{task.name}",) in its options, as asyncgen rename-task does',
            )
        else:
            yield Change(
                "task-removed",
                task.title,
                f"{task.name} is gone",
                (MESSAGES, OLD_PRODUCERS),
                UNKNOWN,
                "keep it, with deprecated= in its options; remove it when nothing sends it and its queue is empty",
            )
    for task in fresh:
        yield Change("task-added", task.title, "it is new", fix="deploy workers before producers that call it")


def _alike(old: Task, new: Task) -> bool:
    return old.title == new.title or (bool(old.arguments) and same(old.payload, new.payload))


def _compared(old: Task, new: Task) -> Iterator[Change]:
    yield from _names(old, new)
    if old.queue.address != new.queue.address and old.queue.name != new.queue.name:
        yield Change(
            "queue-changed",
            new.title,
            f"its queue is {new.queue.name}, was {old.queue.name}",
            (MESSAGES, OLD_PRODUCERS, NEW_PRODUCERS),
            "workers of one queue alone do not see what is sent to the other one",
            NEW_TASK,
        )
    yield from argument_changes(old, new)
    yield from _keys(old, new)
    yield from _options(old, new)


def _names(old: Task, new: Task) -> Iterator[Change]:
    if old.title != new.title:
        yield Change("task-name", new.title, f"it was {old.title}; its name in messages stays {new.name}")
    if old.name != new.name:
        yield Change(
            "wire-name-changed",
            new.title,
            f"its name in messages is {new.name}, was {old.name}",
            (KEYS,) if new.name in old.names else (NEW_PRODUCERS, KEYS),
            f"the name begins its idempotency keys: {AGAIN}",
            f"let {old.name} be the first of its aliases",
        )
    for name in old.names:
        if name not in new.names:
            yield Change(
                "alias-removed",
                new.title,
                f"{name} is no name of it any more",
                (MESSAGES, OLD_PRODUCERS),
                UNKNOWN,
                "keep it among its aliases",
            )


def _keys(old: Task, new: Task) -> Iterator[Change]:
    if old.key != new.key:
        yield Change(
            "key-changed",
            new.title,
            f"its key is {_key(new)}, was {_key(old)}",
            (KEYS,),
            AGAIN,
            NEW_TASK,
        )
    if (mode := new.options.get("idempotency")) != (former := old.options.get("idempotency")):
        yield Change(
            "idempotency-changed",
            new.title,
            f"its idempotency is {mode}, was {former}",
            (MESSAGES, KEYS),
            f"workers of the two modes do not see each other's keys: {AGAIN}",
            NEW_TASK,
        )


def _key(task: Task) -> str:
    return f"({', '.join(map(str, task.key))})" if task.key else "the task's id"


def _options(old: Task, new: Task) -> Iterator[Change]:
    if old.options.get("keep_result") and not new.options.get("keep_result"):
        yield Change(
            "result-dropped",
            new.title,
            "its result is not kept any more",
            (MESSAGES, OLD_PRODUCERS),
            "who waits for its result waits in vain",
            "keep the result until nothing reads it",
        )
    named = {"own_name", "aliases", "key", "idempotency"}
    for name in dict.fromkeys([*old.options, *new.options]):
        before, after = (task.options.get(name) for task in (old, new))
        if name not in named and not same(before, after):
            yield Change("option-changed", new.title, f"{name} is {shown(after)}, was {shown(before)}")
