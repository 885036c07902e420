"""Where a retry stands, and what around it bounds or swallows it."""

import ast
import re

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.task import Task
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = [
    "asks",
    "catches_all",
    "ends",
    "handler_around",
    "is_false",
    "is_fixed",
    "is_outage",
    "is_swallowed",
    "limits",
    "named_errors",
    "sets_countdown",
    "told_when",
]

_BARE = {"builtins.Exception", "builtins.BaseException"}
_OUTAGE = re.compile(
    r"Connect|Timeout|TimedOut|HTTP|Http|Network|Request|Operational|Database|SMTP|Socket|Unavailable|RateLimit|TooMany|"
    r"Throttl|Remote|Gateway|Service|Server|Client|API|Api|URLError|SSL|DNS|Broker|Redis|Lock|Busy|"
    r"^(OSError|IOError|EnvironmentError|Exception|BaseException)$"
)


def limits(task: Task) -> bool:
    """Whether the task counts its retries itself, or keeps an expiry."""
    run = task.run
    if run is None:
        return True
    text = "\n".join(ast.unparse(statement) for statement in run.body)
    return "retries" in text or task.find("expires") is not None


def sets_countdown(task: Task) -> bool:
    option = task.find("retry_kwargs")
    if option is None:
        return False
    return "countdown" in ast.unparse(option.value)


def is_false(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is False


def is_fixed(options: dict[str, ast.keyword]) -> bool:
    """Whether every retry waits as long as the first: no countdown and no ETA, or a number."""
    if "eta" in options:
        return False
    countdown = options.get("countdown")
    if countdown is None:
        return True
    return all(isinstance(n, ast.Constant | ast.BinOp | ast.operator) for n in ast.walk(countdown.value))


def handler_around(module: Module, call: ast.Call) -> ast.ExceptHandler | None:
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, ast.ExceptHandler):
            return ancestor
        if isinstance(ancestor, Function):
            return None
    return None


def catches_all(module: Module, project: Project, handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(project.names.name(module, t) in _BARE for t in types)


def named_errors(project: Project, module: Module, expr: ast.expr) -> list[tuple[Module, ast.expr]]:
    """The errors of an `except` or an `autoretry_for`, also where the tuple of them has a name."""
    if isinstance(expr, ast.Name):
        symbol = project.names.resolve(module, expr)
        if symbol is not None and symbol.module is not None and isinstance(symbol.node, ast.Tuple | ast.List):
            module, expr = symbol.module, symbol.node
    elements = expr.elts if isinstance(expr, ast.Tuple | ast.List) else [expr]
    return [(module, element) for element in elements]


def is_outage(project: Project, module: Module, expr: ast.expr | None) -> bool:
    """Whether some of the errors tell of a service, a connection or a lock that was not to be had.

    Those come at once for many tasks. A row that is not there yet, or a job that is not done, is polled.
    """
    errors = named_errors(project, module, expr) if expr is not None else []
    return any(_OUTAGE.search(last_name(error)) for _, error in errors)


def told_when(handler: ast.ExceptHandler, options: dict[str, ast.keyword]) -> bool:
    """Whether the error itself says when to come back, as a rate limit does."""
    waits = [options[name].value for name in ("countdown", "eta") if name in options]
    return any(isinstance(n, ast.Name) and n.id == handler.name for wait in waits for n in ast.walk(wait))


def asks(handler: ast.ExceptHandler, call: ast.Call) -> bool:
    """Whether the handler decides by the error before it retries."""
    for node in ast.walk(handler):
        if isinstance(node, ast.If) and any(inner is call for inner in ast.walk(node)):
            return True
        if isinstance(node, ast.Raise) and node.exc is None:
            return True
    return False


def is_swallowed(module: Module, project: Project, call: ast.Call) -> bool:
    """Whether an except around the try body in which `retry` stands takes its Retry."""
    child: ast.AST = call
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, Function):
            return False
        if isinstance(ancestor, ast.Try) and child in ancestor.body:
            for handler in ancestor.handlers:
                if handler.type is not None and "Retry" in ast.unparse(handler.type):
                    break
                if catches_all(module, project, handler):
                    return not any(isinstance(n, ast.Raise) for n in ast.walk(handler)) and not any(
                        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "retry"
                        for n in ast.walk(handler)
                    )
        child = ancestor
    return False


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
