"""Whether contract.yaml has what the task files say, as far as files tell that: nothing is imported."""

import re
from collections.abc import Iterable, Iterator

from ..service import Service
from ..tasks.listing import Listed, list_tasks
from .document import Task, read_contract
from .sources import CONTRACT

__all__ = ["stale"]

_OPTIONS = ("soft_time_limit", "time_limit", "max_retries", "idempotency", "every", "keep_result")


def stale(service: Service) -> list[str]:
    """The differences, one sentence each. Types are not compared, nor what is not written out in a task file.

    Raises BadInput for a contract that cannot be read, Refused for a task file that is no Python.
    """
    path = service.root / CONTRACT
    if not path.is_file():
        return ["no such file"]
    contract = read_contract(path.read_bytes(), CONTRACT)
    written = {str(task.options.get("own_name", task.name)): task for task in contract.tasks}
    listed = {task.full_name: task for task in list_tasks(service)}
    if "" in listed:
        return []  # a name that is computed may be that of any task
    found = [f"{task.name} is not in it" for name, task in listed.items() if name not in written]
    # Other modules may have tasks too.
    own = re.compile(rf"{service.package}\.tasks\.[a-z]\w*\.\w+")
    gone = [name for name in written if own.fullmatch(name) and name not in listed]
    found += [f"{name} is no task any more" for name in gone]
    return found + [text for name, task in listed.items() if name in written for text in _compared(task, written[name])]


def _compared(task: Listed, written: Task) -> Iterator[str]:
    for option in _OPTIONS:
        ours, theirs = getattr(task, option), written.options.get(option)
        if ours is not None and ours != theirs:
            yield f"{option} of {task.name} is {ours}, and {theirs or 'nothing'} in it"
    # A message may have the former name of an argument.
    present = {name: schema.get("x-argument", name) for name, schema in written.arguments.items()}
    arguments = {name for name, _ in task.arguments}
    if arguments != {*present.values()}:
        yield f"the arguments of {task.name} are {_names(arguments)}, and {_names(present.values())} in it"
    key = tuple(present.get(name, name) for name in written.key)
    if task.key != key:
        yield f"the key of {task.name} is {_names(task.key)}, and {_names(key)} in it"


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
