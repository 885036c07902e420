"""ACG106."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import Dispatch
from asyncgen.check.celery.task import Task
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.rules.retry_places import (
    asks,
    catches_all,
    ends,
    handler_around,
    is_false,
    is_fixed,
    is_outage,
    is_swallowed,
    limits,
    named_errors,
    sets_countdown,
    told_when,
)
from asyncgen.check.source.module import Module

__all__ = ["BadRetry"]

_BARE = {"builtins.Exception", "builtins.BaseException"}


class BadRetry(Rule):
    """A task is tried again for errors that will not pass, without end, or all at the same moment.

    Retrying `Exception` repeats programming errors as well. Without a limit a task that cannot succeed
    runs for ever. With a fixed delay everything that failed together comes back together, on a service that
    is just getting up: that is about errors of connections, services and locks, not about polling. And a `retry`
    whose exception is swallowed, or that does not end the run, leaves the task running on beside its own retry.

    Bad:
        @shared_task(autoretry_for=(Exception,), max_retries=None)
        def pull(url: str) -> None: ...

    Good:
        @shared_task(autoretry_for=(ConnectionError,), retry_backoff=True, max_retries=5)
        def pull(url: str) -> None: ...

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#retrying
    """

    code = "ACG106"
    name = "bad-retry"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for task in project.tasks.of(module):
            yield from self._automatic(module, project, task)
        told: set[tuple[Task, str]] = set()
        for sent in project.dispatches.of(module):
            if sent.method != "retry" or sent.task is None:
                continue
            for finding in self._manual(module, project, sent, sent.task):
                if (sent.task, finding.message) not in told:
                    told.add((sent.task, finding.message))
                    yield finding

    # ---- autoretry_for ----

    def _automatic(self, module: Module, project: Project, task: Task) -> Iterator[Finding]:
        errors = task.options.get("autoretry_for")
        if errors is None:
            return
        here = errors.node if errors.module is module else task.place
        for home, error in named_errors(project, errors.module, errors.value):
            name = project.names.name(home, error)
            if name in _BARE:
                yield self.finding(
                    module,
                    here,
                    f"{task.name} is retried for every {name.rpartition('.')[2]}, bugs included",
                    "name the errors that pass: ConnectionError, TimeoutError, the client's own",
                )
        limit = task.literal("max_retries")
        unlimited = task.find("max_retries") is not None and limit is None
        if unlimited and not limits(task):
            option = task.find("max_retries")
            node = option.node if option is not None and option.module is module else here
            yield self.finding(module, node, f"{task.name} is retried without end", "set max_retries to a number")
        if limit == 0 or not task.takes_arguments:
            return  # what never runs beside itself has nothing to come back together with
        backoff, jitter = task.literal("retry_backoff"), task.literal("retry_jitter")
        fixed = backoff is None or backoff is False or (isinstance(backoff, int) and backoff == 0)
        if fixed:
            if task.opaque or sets_countdown(task) or not is_outage(project, errors.module, errors.value):
                return
            yield self.finding(
                module,
                here,
                f"{task.name} is retried at a fixed interval",
                "set retry_backoff=True, and retry_backoff_max",
            )
        elif jitter is False:
            option = task.find("retry_jitter")
            node = option.node if option is not None and option.module is module else here
            yield self.finding(
                module,
                node,
                f"the retries of {task.name} come back together, without jitter",
                "leave retry_jitter at True",
            )

    # ---- self.retry() ----

    def _manual(self, module: Module, project: Project, sent: Dispatch, task: Task) -> Iterator[Finding]:
        call = sent.call
        if any(k.arg is None for k in call.keywords) or call.args or {"args", "kwargs"} & set(sent.options):
            return  # a message of its own, beside the run that goes on
        if is_swallowed(module, project, call):
            yield self.finding(
                module,
                call,
                "the Retry that this raises is caught by the except around it, and the task goes on",
                "let celery.exceptions.Retry pass: catch the narrower errors, or retry outside of the try",
            )
        throw = sent.options.get("throw")
        if throw is not None and is_false(throw.value) and not ends(module, call):
            yield self.finding(
                module, call, "the task goes on after retry(throw=False)", "return after it, or raise it"
            )
        handler = handler_around(module, call)
        if handler is None:
            pass
        elif catches_all(module, project, handler):
            if asks(handler, call):
                return
            yield self.finding(
                module,
                call,
                f"{task.name} is retried for every Exception, bugs included",
                "catch the errors that pass: ConnectionError, TimeoutError, the client's own",
            )
        elif task.takes_arguments and is_fixed(sent.options) and is_outage(project, module, handler.type):
            yield self.finding(
                module,
                call,
                f"{task.name} is retried at a fixed interval",
                "let it grow with self.request.retries, with some jitter, or use autoretry_for and retry_backoff",
            )
        own = sent.options.get("max_retries")
        if own is not None and isinstance(own.value, ast.Constant) and own.value.value is None:
            return
        option = task.find("max_retries")
        endless = own is None and option is not None and task.literal("max_retries") is None
        if option is None or handler is None or told_when(handler, sent.options):
            return
        if endless and not limits(task):
            node = option.node if option.module is module else call
            yield self.finding(module, node, f"{task.name} is retried without end", "set max_retries to a number")
