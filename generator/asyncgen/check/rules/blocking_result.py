"""ACG101."""

import ast
import itertools
from collections.abc import Iterator

from asyncgen.check.analysis.contexts import running_function, waits_in
from asyncgen.check.analysis.kind_names import RESULT
from asyncgen.check.analysis.project import Project
from asyncgen.check.analysis.waiting import Wait, waits
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["BlockingResult"]


class BlockingResult(Rule):
    """A request handler or a task waits for the result of a task.

    The waiting process does nothing else meanwhile. In a task, the workers that wait fill the pool until none is
    left to run what they wait for: the service stands still, and no error says why. `allow_join_result` only turns
    off the check by which Celery would have said so. In a request handler a slow or full queue becomes a slow site.
    A loop that asks for the state and sleeps is the same. Tests, scripts and management commands may wait, and so may
    a thread of its own: `await asyncio.to_thread(result.get)`.

    Bad:
        @shared_task
        def report(user_id: int) -> None:
            rows = collect.delay(user_id).get()
            send(rows)

    Good:
        (collect.s(user_id) | send.s()).delay()

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#avoid-launching-synchronous-subtasks
    """

    code = "ACG101"
    name = "blocking-result"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        if module.kind != "code":
            return
        for wait in waits(module, project):
            where, through = "" if wait.parameter else waits_in(project, module, wait.node), ""
            if not where:
                where, through = self._through(module, project, wait)
            if not where and wait.silenced == "allow_join_result":
                where = "a task"  # the check that it turns off is one of tasks alone
            if where:
                yield self.finding(
                    module,
                    wait.node,
                    f"{where} waits for a task's result {wait.how}{through}",
                    _fix(where, wait),
                )

    @staticmethod
    def _through(module: Module, project: Project, wait: Wait) -> tuple[str, str]:
        """Who calls the function that waits, and must not, and in words that it does."""
        function = running_function(module, wait.node)
        if function is None or _depends_on_argument(module, wait.node, function):
            return "", ""
        for home, outer in project.callers.of(module, function):
            if wait.parameter and not _gives_result(project, home, outer, function, wait.parameter):
                continue
            where = waits_in(project, home, outer)
            if where:
                return where, f", through {function.name} ({home.shown}:{outer.lineno})"
        return "", ""


def _fix(where: str, wait: Wait) -> str:
    if where != "a task":
        return "answer at once with the task's id, and let the client ask for the state"
    silenced = f"{wait.silenced} only silences Celery's check: " if wait.silenced else ""
    return f"{silenced}let a chain, a chord or a callback go on with the result"


def _gives_result(project: Project, module: Module, call: ast.Call, function: Function, parameter: str) -> bool:
    """Whether a call gives the result of a task as that argument."""
    given = {k.arg: k.value for k in call.keywords if k.arg is not None}
    names = [a.arg for a in [*function.args.posonlyargs, *function.args.args]]
    given.update(zip(names[names[:1] in (["self"], ["cls"]) :], call.args, strict=False))
    return parameter in given and project.kinds.of(module, given[parameter]) == RESULT


def _depends_on_argument(module: Module, node: ast.AST, function: Function) -> bool:
    """Whether the function waits only if its caller says so."""
    arguments = {a.arg for a in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]} - {"self"}
    path = [node, *module.ancestors(node)]
    return any(
        isinstance(inner, ast.Name) and inner.id in arguments
        for child, ancestor in itertools.pairwise(path[: path.index(function)])
        if isinstance(ancestor, ast.If | ast.IfExp) and child is not ancestor.test
        for inner in ast.walk(ancestor.test)
    )
