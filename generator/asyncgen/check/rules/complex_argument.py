"""ACG102."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.kind_names import COMPLEX, MODEL, OBJECT, PICKLED, QUERYSET
from asyncgen.check.analysis.project import Project
from asyncgen.check.analysis.used_objects import is_used_as_object
from asyncgen.check.celery.dispatch import Dispatch
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module

__all__ = ["ComplexArgument"]


class ComplexArgument(Rule):
    """A message carries an object instead of its key.

    With JSON the call raises at run time, in the one code path that was not tested. With pickle it carries a copy
    that is stale when the task runs, breaks when the class changes between deploys, and lets whoever reaches the
    broker run code. Dates, times, UUID, Decimal and bytes are fine: kombu's JSON carries them.

    Bad:
        send_invoice.delay(order)

    Good:
        send_invoice.delay(order.pk)

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#state
    """

    code = "ACG102"
    name = "complex-argument"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for sent in project.dispatches.of(module):
            if sent.method == "retry" or sent.signature or self._converts(sent):
                continue
            for where, expr in sent.arguments():
                kind = project.kinds.of(module, expr) or self._used_kind(module, project, expr)
                if kind in COMPLEX and not (kind in PICKLED and project.usage.pickled_messages):
                    yield self.finding(
                        module,
                        expr,
                        f"{where} of {sent.title} is {kind}: {ast.unparse(expr)[:60]}",
                        "send its primary key, and load it in the task"
                        if kind in {MODEL, QUERYSET}
                        else "send plain values: text, numbers, lists and dicts of them",
                    )

    @staticmethod
    def _used_kind(module: Module, project: Project, expr: ast.expr) -> str:
        return OBJECT if isinstance(expr, ast.Name) and is_used_as_object(project, module, expr) else ""

    @staticmethod
    def _converts(sent: Dispatch) -> bool:
        """Whether the task takes care of serializing: pydantic, or a serializer of its own."""
        task = sent.task
        if task is None:
            return "serializer" in sent.options
        if task.literal("pydantic") or "serializer" in sent.options:
            return True
        if task.base is None or task.base.module is None:
            return bool(task.options.get("serializer"))
        names = task.names
        if names.class_attribute(task.base, "serializer") is not None:
            return True
        own = [names.class_attribute(task.base, method) for method in ("apply_async", "delay")]
        return any(_rewrites(symbol.node) for symbol in own if symbol is not None and symbol.node is not None)


def _rewrites(method: ast.AST) -> bool:
    """Whether a task's own `apply_async` sends other arguments than those it was given."""
    for node in ast.walk(method):
        match node:
            case ast.Name(id="args" | "kwargs", ctx=ast.Store()):
                return True
            case ast.Subscript(value=ast.Name(id="kwargs"), ctx=ast.Store()):
                return True
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"))), args=args):
                if any(isinstance(argument, ast.Call | ast.ListComp | ast.Tuple | ast.List) for argument in args):
                    return True
    return False
