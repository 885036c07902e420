"""Where a retry stands, and what around it bounds or swallows it."""

import ast

from asyncgen.check.analysis.delays import Delays
from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.task import Task
from asyncgen.check.model.values import UNKNOWN
from asyncgen.check.rules.retry_errors import catches_all, words
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["counts_retries", "ends", "handler_around", "is_bounded", "is_false", "is_fixed", "limits", "what_takes_it"]


def limits(task: Task) -> bool:
    """Whether the task counts its retries itself, or keeps an expiry."""
    return counts_retries(task) or task.find("expires") is not None


def counts_retries(task: Task) -> bool:
    """Whether its code compares the number of its retries with another limit than `max_retries`."""
    if task.run is None:
        return True
    names = {"retries"}
    for node in ast.walk(task.run):
        if isinstance(node, ast.Assign) and "retries" in ast.unparse(node.value):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return any(
        isinstance(node, ast.Compare) and names & words(node) and "max_retries" not in words(node)
        for node in ast.walk(task.run)
    )


def is_bounded(retry_kwargs: object) -> bool:
    """Whether `retry_kwargs`, which overrule the task, give a limit, or where none can tell."""
    return retry_kwargs is UNKNOWN or (isinstance(retry_kwargs, dict) and retry_kwargs.get("max_retries") is not None)


def is_false(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is False


def is_fixed(project: Project, module: Module, options: dict[str, ast.keyword]) -> bool:
    """Whether every retry waits as long as the first: no countdown and no ETA, a number, a constant's name."""
    delays = Delays(project.names)
    if "eta" in options:
        spans = delays.until(module, options["eta"].value)
    elif "countdown" in options:
        countdown = options["countdown"].value
        if last_name(countdown).isupper() or last_name(countdown) == "default_retry_delay":
            return True
        spans = delays.of(module, countdown)
    else:
        return True
    return len(spans) == 1 and spans[0].low == spans[0].high


def handler_around(module: Module, call: ast.Call) -> ast.ExceptHandler | None:
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, ast.ExceptHandler):
            return ancestor
        if isinstance(ancestor, Function):
            return None
    return None


def what_takes_it(module: Module, project: Project, call: ast.Call) -> str:
    """In words what an except around the try body in which `retry` stands makes of its Retry, or the empty string."""
    child: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, Function):
            return ""
        if isinstance(ancestor, ast.Try) and child in ancestor.body:
            for handler in ancestor.handlers:
                if handler.type is not None and "Retry" in ast.unparse(handler.type):
                    break
                if catches_all(module, project, handler):
                    return _fate(handler)
        child = ancestor
    return ""


def _fate(handler: ast.ExceptHandler) -> str:
    again = [node for node in ast.walk(handler) if isinstance(node, ast.Call) and _is_retry(node)]
    raises = [node for node in ast.walk(handler) if isinstance(node, ast.Raise)]
    if any(node.exc not in again for node in raises) or any("Retry" in words(node) for node in handler.body):
        return ""
    return "which sends another one" if again else "and the task goes on"


def _is_retry(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "retry"


def ends(module: Module, call: ast.Call) -> bool:
    """Whether nothing runs after the statement of a call."""
    parent = module.parents.get(call)
    if isinstance(parent, ast.Return | ast.Raise):
        return True
    statement: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(statement, ast.stmt):
            for field in ("body", "orelse", "handlers", "finalbody"):
                block = getattr(ancestor, field, None)
                if isinstance(block, list) and statement in block:
                    after = block[block.index(statement) + 1 :] if field != "handlers" else []
                    if after:
                        return isinstance(after[0], ast.Return | ast.Raise)
        if isinstance(ancestor, Function):
            return True
        if isinstance(ancestor, ast.For | ast.While):
            return False
        statement = ancestor
    return True
