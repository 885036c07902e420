"""ACG110."""

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.targets import is_signature
from asyncgen.check.celery.task import Task
from asyncgen.check.findings.finding import Finding
from asyncgen.check.model.values import UNKNOWN, literal
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module

__all__ = ["EtaBeyondVisibility", "visibility_timeout"]

_DEFAULT = 3600


def visibility_timeout(project: Project) -> float | None:
    """In seconds, where the broker is known to be Redis and the value is known; else None."""
    configuration = project.configuration
    if configuration.transport() != "redis":
        return None
    options: Any = configuration.value("broker_transport_options")
    if options is None:
        return _DEFAULT
    if not isinstance(options, dict):
        return None
    value = options.get("visibility_timeout", _DEFAULT)
    return float(value) if isinstance(value, int | float) else None


class EtaBeyondVisibility(Rule):
    """A message on Redis waits longer than the visibility timeout.

    A worker holds a message with a countdown or an ETA unacknowledged until its time comes. After the visibility
    timeout, one hour by default, Redis hands it to another worker as well, and again after the next: the
    task runs as many times.

    Bad:
        remind.apply_async((user.pk,), countdown=86400)

    Good:
        app.conf.broker_transport_options = {"visibility_timeout": 90000}

    or a row with the due time, and a schedule that sends what is due.

    Source: https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#visibility-timeout
    """

    code = "ACG110"
    name = "eta-beyond-visibility"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        visible = visibility_timeout(project)
        if visible is None:
            return
        for sent in project.dispatches.of(module):
            yield from self._waits(module, project, sent.options.values(), visible)
        for call in module.calls:
            func = call.func
            if isinstance(func, ast.Attribute) and func.attr == "set" and is_signature(project, module, func.value):
                yield from self._waits(module, project, call.keywords, visible)
        for task in project.tasks.of(module):
            yield from self._retries(module, task, visible)

    def _waits(
        self, module: Module, project: Project, keywords: Iterable[ast.keyword], visible: float
    ) -> Iterator[Finding]:
        """The `countdown` and `eta` among the options of one message or signature."""
        for keyword in keywords:
            if keyword.arg == "countdown":
                wait = literal(project.names, module, keyword.value)
            elif keyword.arg == "eta":
                wait = self._until(module, project, keyword.value)
            else:
                continue
            if isinstance(wait, int | float) and wait > visible:
                yield self._beyond(module, keyword, f"{keyword.arg} of {wait:g} s", visible)

    def _retries(self, module: Module, task: Task, visible: float) -> Iterator[Finding]:
        delay = task.options.get("default_retry_delay")
        if delay is not None and delay.module is module:
            value = literal(task.names, module, delay.value)
            if isinstance(value, int | float) and value > visible:
                yield self._beyond(module, delay.node, f"retry delay of {value:g} s", visible)
        longest = task.options.get("retry_backoff_max")
        if longest is not None and longest.module is module and task.literal("retry_backoff"):
            value = literal(task.names, module, longest.value)
            if isinstance(value, int | float) and value > visible:
                yield self._beyond(module, longest.node, f"backoff of up to {value:g} s", visible)

    def _beyond(self, module: Module, node: ast.AST, what: str, visible: float) -> Finding:
        return self.finding(
            module,
            node,
            f"a {what} is longer than the visibility timeout of {visible:g} s: the task runs again",
            "raise visibility_timeout in broker_transport_options, or keep the due time in the database",
        )

    @staticmethod
    def _until(module: Module, project: Project, expr: ast.expr) -> Any:
        """Seconds of `now() + timedelta(...)`."""
        if isinstance(expr, ast.Name):
            bound = project.names.bindings(module, expr.id, expr)
            if len(bound) == 1 and isinstance(bound[0].target, ast.BinOp):
                expr = bound[0].target
        if not (isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add)):
            return UNKNOWN
        for now, delta in ((expr.left, expr.right), (expr.right, expr.left)):
            if isinstance(now, ast.Call) and isinstance(now.func, ast.Attribute | ast.Name):
                last = now.func.attr if isinstance(now.func, ast.Attribute) else now.func.id
                if last in {"now", "utcnow", "localtime"}:
                    return literal(project.names, module, delta)
        return UNKNOWN
