"""Of which tasks the results are read, or may be: a reader of one says nothing about the others."""

import ast
import re
from collections import defaultdict
from functools import cached_property

from asyncgen.check.analysis.callers import Callers
from asyncgen.check.analysis.kept_ids import KeptIds
from asyncgen.check.analysis.result_readers import ResultReaders
from asyncgen.check.analysis.signature_use import SignatureUses
from asyncgen.check.analysis.value_use import Use, ValueUses
from asyncgen.check.celery.dispatch import ON_COMMIT, Dispatch, Dispatches
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.schedules import Entry
from asyncgen.check.celery.targets import SIGNING
from asyncgen.check.celery.task import Task
from asyncgen.check.source.syntax import last_name

__all__ = ["ResultReads"]

#: Shows the results of all tasks.
_MONITORS = ("TaskResult", "celery_results", "celery-task-meta", "celery_taskmeta")
#: In a file that is no Python which this version reads.
_SPEAKS_OF_RESULTS = re.compile(r"\w+Result\b|ResultSet|celery_results|celery_progress|allow_join_result|chord")
#: A task that reports how far it is means somebody to look.
_REPORTS = {"update_state", "ProgressRecorder", "Progress"}


class ResultReads:
    def __init__(self, project: CeleryProject, dispatches: Dispatches, callers: Callers, schedule: list[Entry]) -> None:
        self.project = project
        self.dispatches = dispatches
        self.schedule = schedule
        self.values = ValueUses(project, callers)
        self.ids = KeptIds(project, self.values)
        self.signatures = SignatureUses(project, self.values)
        self.callers = callers

    def may_be_of(self, task: Task) -> bool:
        """Whether something reads the task's results, or could, as far as the code tells."""
        if self._all or task.name in self.project.unread_words or self._uses[task] is Use.READ:
            return True
        if task in self.readers.traced or _reports(task):
            return True
        if not self._sent and not self._scheduled and _gives_a_value(task):
            return True  # to clients that are elsewhere
        if self.ids.sends_by_variable or (self.ids.sends_what_it_is_given and self.ids.is_mentioned(task)):
            return True
        return self.readers.untraced and not self._has_unknown_ids_only(task)

    @cached_property
    def readers(self) -> ResultReaders:
        return ResultReaders(self.project, self.dispatches, self.callers, self.values)

    @cached_property
    def _all(self) -> bool:
        return _SPEAKS_OF_RESULTS.search(self.project.unread) is not None or any(
            word in module.text and module.mentions(re.compile(rf"\b(django_)?{word}\b"))
            for module in self.project.modules
            for word in _MONITORS
        )

    # ---- what is sent ----

    @cached_property
    def _uses(self) -> dict[Task, Use]:
        """What becomes of the values of all calls that send a task."""
        found: dict[Task, Use] = defaultdict(lambda: Use.NONE)
        for task, sent in self._sent:
            found[task] = max(found[task], self._use(sent))
        return found

    @cached_property
    def _sent(self) -> list[tuple[Task, Dispatch]]:
        return [
            (task, sent)
            for module in self.project.modules
            for sent in self.dispatches.of(module)
            if sent.method != "retry"
            for task in ([sent.task] if sent.task is not None else self._named(sent))
        ]

    def _use(self, sent: Dispatch) -> Use:
        if "ignore_result" in sent.options:
            return Use.READ  # decided message by message
        if sent.method in ON_COMMIT:
            return Use.NONE
        use = (self.signatures if sent.method in SIGNING else self.values).of(sent.module, sent.call)
        return max(use, Use.KEPT) if "task_id" in sent.options or sent.opaque else use

    def _named(self, sent: Dispatch) -> list[Task]:
        """The tasks that `send_task("name")` and `signature("name")` mean."""
        match sent.call.args:
            case [ast.Constant(value=str(name)), *_]:
                return [task for task in self.project.tasks if _is_called(task, name)]
        return []

    def _has_unknown_ids_only(self, task: Task) -> bool:
        """Whether no id of the task is ever kept: each call is a statement of its own, or the schedule sends it."""
        if self._uses[task] is not Use.NONE or not task.base_known or self.ids.may_be_kept(task):
            return False
        return task in self._scheduled or any(sent is task for sent, _ in self._sent)

    @cached_property
    def _scheduled(self) -> set[Task]:
        names = [
            part.value
            for entry in self.schedule
            if isinstance(part := entry.parts.get("task"), ast.Constant) and isinstance(part.value, str)
        ]
        return {task for task in self.project.tasks for name in names if _is_called(task, name)}


def _is_called(task: Task, name: str) -> bool:
    return name in task.registered_names or name.rpartition(".")[2] == task.name


def _reports(task: Task) -> bool:
    return any(last_name(call.func) in _REPORTS for call in task.module.calls_in(task.run or task.node))


def _gives_a_value(task: Task) -> bool:
    return any(
        isinstance(node, ast.Return) and node.value is not None
        for statement in (task.run.body if task.run is not None else [])
        for node in ast.walk(statement)
    )
