"""All that the files of a service tell of one task."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import BadInput
from ..names import nearest, words
from ..service import QueueClass, Service
from .former import full_names
from .listing import Listed, all_options, base_classes, list_tasks, options_of, parse_file, task_functions
from .naming_tests import naming_tests
from .retries import Retries, retries_of

__all__ = ["Details", "details_of"]


@dataclass(frozen=True)
class Details:
    """One task.

    names: its full names, the one in messages first and the one in the code last.
    options: as they are written. inherited: those that it has from its base class.
    tests: pytest's ids of the tests that name it.
    """

    listed: Listed
    names: tuple[str, ...]
    options: Mapping[str, str]
    inherited: Mapping[str, str]
    queue: QueueClass | None
    retries: Retries
    tests: tuple[str, ...]

    @property
    def longest(self) -> float | None:
        """Seconds of all waits and runs until it is a dead letter, at most; None where that cannot be told."""
        if self.retries.unknown or not self.listed.time_limit:
            return None
        return self.retries.waiting[1] + (len(self.retries.waits) + 1) * self.listed.time_limit


def details_of(text: str, service: Service) -> Details:
    """The task of that name, in any spelling, or of that full name, also a former one; BadInput for another."""
    tasks, plain = list_tasks(service), "_".join(words(text))
    found = [task for task in tasks if text in (task.name, task.full_name) or plain == task.name]
    found = found or [task for task in tasks if text in _names(task, _function(task, service))]
    if not found:
        near = nearest(plain, [task.name for task in tasks])
        fix = f"did you mean {near}?" if near else "asyncgen tasks lists them"
        raise BadInput(f"expected the name of a task, got: {text or 'nothing'}; {fix}")
    if len(found) > 1:
        full = ", ".join(task.full_name for task in found)
        raise BadInput(f"expected the name of one task, got: {text}, which several have; name one of {full}")
    return _details(found[0], service)


def _function(task: Listed, service: Service) -> ast.FunctionDef:
    tree = parse_file(service.root / task.file, service)
    return next(node for node in task_functions(tree) if node.lineno == task.line)


def _names(task: Listed, function: ast.FunctionDef) -> tuple[str, ...]:
    return full_names(function, task.file.removeprefix("src/").removesuffix(".py").replace("/", "."))


def _details(task: Listed, service: Service) -> Details:
    function = _function(task, service)
    names = _names(task, function)
    own, every = options_of(function), all_options(function, base_classes(service))
    written = {name: ast.unparse(value) for name, value in every.items()}
    return Details(
        task,
        names,
        {name: written[name] for name in own},
        {name: value for name, value in written.items() if name not in own},
        next((queue for queue in service.queues() if queue.member == task.queue), None),
        retries_of(every, str(service.answers.get("broker"))),
        tuple(naming_tests(service.root / task.file, task.name, names, service)),
    )
