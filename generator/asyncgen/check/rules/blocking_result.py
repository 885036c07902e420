"""ACG101."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.analysis.contexts import running_function, waits_in
from asyncgen.check.analysis.kind_names import RESULT
from asyncgen.check.analysis.project import Project
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["BlockingResult"]

_WAITING = {"get", "wait", "wait_for_pending", "join", "join_native", "iterate", "collect", "iter_native"}
_SENDS = re.compile(r"delay|apply_async|send_task|AsyncResult|GroupResult|ResultSet|group|chord|chain")
_LOOKING = {"ready", "successful", "failed", "state", "status"}


class BlockingResult(Rule):
    """A request handler or a task waits for the result of a task.

    The waiting process does nothing else meanwhile. In a task, the workers that wait fill the pool until none is
    left to run what they wait for: the service stands still, and no error says why. In a request handler a slow or
    full queue becomes a slow site. Tests, scripts and management commands may wait.

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
        if module.kind != "code" or not _SENDS.search(module.text):
            return
        for call in module.calls:
            func = call.func
            if not isinstance(func, ast.Attribute) or func.attr not in _WAITING:
                continue
            if project.kinds.of(module, func.value) != RESULT or self._was_asked(module, call, func.value):
                continue
            where, through = waits_in(project, module, call), ""
            if not where:
                where, through = self._through(module, project, call)
            if not where:
                continue
            yield self.finding(
                module,
                call,
                f"{where} waits for a task's result with .{func.attr}(){through}",
                "let a chain, a chord or a callback go on with the result"
                if where == "a task"
                else "answer at once with the task's id, and let the client ask for the state",
            )

    @staticmethod
    def _through(module: Module, project: Project, call: ast.Call) -> tuple[str, str]:
        """A task or a request handler that calls the function which waits, and in words that it does."""
        function = running_function(module, call)
        if function is None or _depends_on_argument(module, call, function):
            return "", ""
        for home, outer in project.callers.of(module, function):
            where = waits_in(project, home, outer)
            if where:
                return where, f", through {function.name} ({home.shown}:{outer.lineno})"
        return "", ""

    @staticmethod
    def _was_asked(module: Module, call: ast.Call, receiver: ast.expr) -> bool:
        """Whether the function looks at the state of that result first, so that it need not wait."""
        function = running_function(module, call)
        if function is None or not isinstance(receiver, ast.Name | ast.Attribute):
            return False
        same = ast.dump(receiver)
        return any(
            isinstance(node, ast.Attribute)
            and node.attr in _LOOKING
            and ast.dump(node.value) == same
            and node.lineno <= call.lineno
            for node in ast.walk(function)
        )


def _depends_on_argument(module: Module, call: ast.Call, function: Function) -> bool:
    """Whether the function waits only if its caller says so."""
    arguments = {a.arg for a in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]} - {"self"}
    return any(
        isinstance(inner, ast.Name) and inner.id in arguments
        for ancestor in module.ancestors(call)
        if isinstance(ancestor, ast.If | ast.IfExp) and function in module.ancestors(ancestor)
        for inner in ast.walk(ancestor.test)
    )
