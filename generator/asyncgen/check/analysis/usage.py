"""What the code of a project does with results, names and attributes, seen as a whole."""

import ast
import re
from functools import cached_property
from pathlib import Path

from asyncgen.check.analysis.django_databases import are_requests_atomic
from asyncgen.check.celery.deployment import deployment_files
from asyncgen.check.celery.dispatch import Dispatches
from asyncgen.check.celery.pools import pools_of
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.serializers import are_messages_pickled
from asyncgen.check.celery.task import Task

__all__ = ["Usage"]

_LIMIT = re.compile(r"--(soft-)?time-limit[= ]+[\"']?[\d${]")
_LIMITS = {"time_limit", "soft_time_limit"}
#: Here `**x` is arguments of the task, not options of its message.
_FLAT = {"delay", "delay_on_commit", "s", "si"}


class Usage:
    def __init__(self, project: CeleryProject, dispatches: Dispatches) -> None:
        self.project = project
        self.dispatches = dispatches

    @cached_property
    def limits_on_command_line(self) -> bool:
        """Whether a worker is started with `--time-limit` or `--soft-time-limit`."""
        return any(_LIMIT.search(text) for text in self.deployment.values())

    @cached_property
    def pools(self) -> set[str]:
        """The pools in which the project's workers run tasks."""
        return pools_of(self.deployment.values(), self.project.configuration.value("worker_pool"))

    @cached_property
    def pickled_messages(self) -> bool:
        """Whether messages are pickled, so that what JSON has no word for arrives all the same."""
        return are_messages_pickled(self.project)

    @cached_property
    def atomic_requests(self) -> bool:
        """Whether Django runs each view in a transaction."""
        return are_requests_atomic(self.project)

    @cached_property
    def deployment(self) -> dict[Path, str]:
        """The files that start workers and mention Celery: compose files, units, charts, scripts."""
        return deployment_files(self.project.around)

    @cached_property
    def limited_by_message(self) -> set[Task]:
        """The tasks that some message gives a limit of its own, or options that none can see."""
        return self._named_where_none_reads | {
            sent.task
            for module in self.project.modules
            for sent in self.dispatches.of(module)
            if sent.task is not None and sent.method not in _FLAT
            if _LIMITS & set(sent.options) or sent.opaque
        }

    @property
    def _named_where_none_reads(self) -> set[Task]:
        """The tasks that a file may send which is no Python that this version reads."""
        words = self.project.unread_words
        return {task for task in self.project.tasks if task.name in words} if words else set()

    @cached_property
    def words(self) -> dict[str, int]:
        """How often each identifier-like word stands in the project's modules."""
        found = dict.fromkeys(self.project.unread_words, 1)
        for module in self.project.modules:
            for word in re.findall(r"\w+", module.text):
                found[word] = found.get(word, 0) + 1
        return found

    @cached_property
    def attributes(self) -> set[str]:
        """Every `x.name` that is read, and every name in a `getattr`."""
        found = set(self.project.unread_words)
        for module in self.project.modules:
            found |= module.index.attributes
            for call in module.calls:
                found.update(_asked_for(call))
        return found


def _asked_for(call: ast.Call) -> list[str]:
    """The name in a `getattr` or `hasattr`."""
    match call:
        case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]):
            return [name]
    return []
