"""ACG106."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import Dispatch
from asyncgen.check.celery.task import Task
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.rules.retry_errors import (
    asks,
    catches_all,
    is_no_exception,
    is_outage,
    named_errors,
    told_when,
    waits_for_state,
)
from asyncgen.check.rules.retry_places import (
    ends,
    handler_around,
    is_bounded,
    is_false,
    is_fixed,
    limits,
    what_takes_it,
)
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import is_none, last_name

__all__ = ["BadRetry"]

_BARE = {"builtins.Exception", "builtins.BaseException"}


class BadRetry(Rule):
    """A task is tried again for errors that will not pass, without end, all at the same moment, or not at all.

    Retrying `Exception` repeats programming errors as well. Without a limit a task that cannot succeed
    runs for ever. With a fixed delay everything that failed together comes back together, on a service that
    is just getting up: that is about errors of connections and services, not about polling or locks. A `retry`
    whose exception is swallowed, or that does not end the run, leaves the task running on beside its own retry. What
    `exc=` names is raised once the retries are used up: with a text in it the task ends in a TypeError that hides the
    error. And `max_retries` alone retries nothing: the first error is the last.

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
    spans_files = True

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for task in project.tasks.of(module):
            yield from self._automatic(module, project, task)
            for finding in self._never(module, project, task):
                yield self.repeated(finding, task.name)
        told: set[tuple[Task, str]] = set()
        for sent in project.dispatches.of(module):
            if sent.method != "retry" or sent.task is None:
                continue
            for finding in self._manual(module, project, sent, sent.task):
                if (sent.task, finding.message) not in told:
                    told.add((sent.task, finding.message))
                    yield self.repeated(finding, sent.task.name)

    # ---- autoretry_for ----

    def _automatic(self, module: Module, project: Project, task: Task) -> Iterator[Finding]:
        errors = task.find("autoretry_for")
        if errors is None:
            return
        for home, error in named_errors(project, errors.module, errors.value):
            name = project.names.name(home, error)
            if name in _BARE:
                yield self._at_option(
                    module,
                    task,
                    "autoretry_for",
                    f"{task.name} is retried for every {name.rpartition('.')[2]}, bugs included",
                    "name the errors that pass: ConnectionError, TimeoutError, the client's own",
                )
        limit = task.literal("max_retries")
        unlimited = task.find("max_retries") is not None and limit is None
        if unlimited and not limits(task) and not is_bounded(task.literal("retry_kwargs")):
            yield self._at_option(
                module, task, "max_retries", f"{task.name} is retried without end", "set max_retries to a number"
            )
        if limit == 0 or not task.takes_arguments:
            return  # what never runs beside itself has nothing to come back together with
        backoff, jitter = task.literal("retry_backoff"), task.literal("retry_jitter")
        fixed = backoff is None or backoff is False or (isinstance(backoff, int) and backoff == 0)
        if fixed:
            if task.opaque or not is_outage(project, errors.module, errors.value):
                return
            yield self._at_option(
                module,
                task,
                "autoretry_for",
                f"{task.name} is retried at a fixed interval",
                "set retry_backoff=True, and retry_backoff_max",
            )
        elif jitter is False:
            yield self._at_option(
                module,
                task,
                "retry_jitter",
                f"the retries of {task.name} come back together, without jitter",
                "leave retry_jitter at True",
            )

    def _at_option(self, module: Module, task: Task, name: str, message: str, fix: str) -> Finding:
        """About an option of a task, of its base class or of what else it shares with others."""
        option = task.find(name)
        here = option is not None and option.module is module
        finding = self.finding(module, option.node if option is not None and here else task.place, message, fix)
        shared = (option.module, option.node) if option is not None and name not in task.own else None
        return self.repeated(finding, task.name, shared)

    # ---- options without a retry ----

    def _never(self, module: Module, project: Project, task: Task) -> Iterator[Finding]:
        for name in ("max_retries", "default_retry_delay"):
            option = task.options.get(name)
            if option is None or option.module is not module or name not in task.own or not task.literal(name):
                continue
            if not project.retrying.is_possible(task):
                yield self.finding(
                    module,
                    option.node,
                    f"{name} of {task.name} does nothing: no error is retried",
                    "name the errors that pass in autoretry_for, or call self.retry()",
                )
            return

    # ---- self.retry() ----

    def _manual(self, module: Module, project: Project, sent: Dispatch, task: Task) -> Iterator[Finding]:
        call = sent.call
        exc = sent.options.get("exc")
        if exc is not None and is_no_exception(project, module, exc.value):
            yield self.finding(
                module,
                exc,
                f"{ast.unparse(exc.value)[:40]} is no exception: {task.name} ends in a TypeError after its last retry",
                "give it the error itself: exc=error",
            )
        handler = handler_around(module, call)
        if handler is not None and call.args and handler.name == last_name(call.args[0]):
            yield self.finding(
                module,
                call,
                f"{handler.name} is given to retry as the arguments of {task.name}",
                f"name it: exc={handler.name}",
            )
        if any(k.arg is None for k in call.keywords) or call.args or {"args", "kwargs"} & set(sent.options):
            return  # a message of its own, beside the run that goes on
        throw = sent.options.get("throw")
        fate = what_takes_it(module, project, call) if throw is None else ""
        if fate:
            yield self.finding(
                module,
                call,
                f"the Retry that this raises is caught by the except around it, {fate}",
                "let celery.exceptions.Retry pass: catch the narrower errors, or retry outside of the try",
            )
        if throw is not None and is_false(throw.value) and not ends(module, call):
            yield self.finding(
                module, call, "the task goes on after retry(throw=False)", "return after it, or raise it"
            )
        if handler is None:
            pass
        elif catches_all(module, project, handler):
            if asks(handler, call, module.function_of(call)):
                return
            yield self.finding(
                module,
                call,
                f"{task.name} is retried for every Exception, bugs included",
                "catch the errors that pass: ConnectionError, TimeoutError, the client's own",
            )
        elif (
            task.takes_arguments
            and is_fixed(project, module, sent.options)
            and is_outage(project, module, handler.type)
            and not waits_for_state(module, handler, call)
        ):
            yield self.finding(
                module,
                call,
                f"{task.name} is retried at a fixed interval",
                "let it grow with self.request.retries, with some jitter, or use autoretry_for and retry_backoff",
            )
        own = sent.options.get("max_retries")
        if own is not None and is_none(own.value):
            return
        option = task.find("max_retries")
        endless = own is None and option is not None and task.literal("max_retries") is None
        if option is None or handler is None or told_when(handler, sent.options):
            return
        if endless and not limits(task):
            node = option.node if option.module is module else call
            yield self.finding(module, node, f"{task.name} is retried without end", "set max_retries to a number")
