"""ACG107."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.analysis.process_state import Change, changes
from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import Dispatch
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["LocalState"]

#: In the name of a queue that only workers of the same machine read.
_SAME_HOST = re.compile(r"host|node|fqdn|local", re.IGNORECASE)


class LocalState(Rule):
    """A task keeps what it knows in its process or on its disk.

    Each worker process has its own copy of a module's variables: what one run stores, the next run sees only if it
    lands in the same process, and nothing survives a restart. A path in `/tmp`, or of a file that was just written,
    means nothing to a worker in another container. Caches that are filled from elsewhere, and connections that each
    process makes once, are no such state.

    Bad:
        SEEN: set[int] = set()

        @shared_task
        def notify(user_id: int) -> None:
            if user_id not in SEEN:
                SEEN.add(user_id)
                send(user_id)

    Good:
        if cache.add(f"notified:{user_id}", 1):
            send(user_id)

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#state
    """

    code = "ACG107"
    name = "local-state"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        if module.kind != "code":
            return
        for task in project.tasks.of(module):
            if task.run is not None:
                yield from (self._changed(module, c, task.name) for c in changes(project, module, task.run))
        for function in module.functions:
            for task, call in project.callers.in_tasks(module, function)[:1]:
                who = f"{function.name}, called by {task.name} ({task.module.shown}:{call.lineno}),"
                yield from self._state_of_helper(module, project, function, who)
        for sent in project.dispatches.of(module):
            if sent.method != "retry" and not _stays_on_host(sent):
                yield from self._paths(module, project, sent)

    def _changed(self, module: Module, change: Change, who: str) -> Finding:
        return self.finding(
            module,
            change.node,
            f"{who} changes {change.name}, which every worker process has for itself",
            "keep it in the database or in Redis, or pass it as an argument",
        )

    def _state_of_helper(self, module: Module, project: Project, function: Function, who: str) -> Iterator[Finding]:
        """What a function changes that a task calls; one that sets what it is given says how, not what, is done."""
        for change in changes(project, module, function):
            if not _sets_argument(function, change.node):
                yield self._changed(module, change, who)

    def _paths(self, module: Module, project: Project, sent: Dispatch) -> Iterator[Finding]:
        for where, expr in sent.arguments():
            if project.local_paths.has(module, expr):
                yield self.finding(
                    module,
                    expr,
                    f"{where} of {sent.title} is a path on this machine: {ast.unparse(expr)[:60]}",
                    "put the file into shared storage, and send its key",
                )


def _stays_on_host(sent: Dispatch) -> bool:
    """Whether the message goes to a queue of this very machine."""
    return any(
        key in sent.options and _SAME_HOST.search(ast.unparse(sent.options[key].value)) is not None
        for key in ("queue", "routing_key")
    )


def _sets_argument(function: Function, node: ast.AST) -> bool:
    names = {a.arg for a in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]}
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in names
