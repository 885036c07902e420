"""For which errors a task is retried, and what is made of them."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = [
    "asks",
    "catches_all",
    "is_no_exception",
    "is_outage",
    "named_errors",
    "told_when",
    "waits_for_state",
    "words",
]

_TEXTS = {
    "builtins.str", "builtins.repr", "builtins.format", "builtins.dict", "builtins.list", "builtins.tuple",
    "traceback.format_exc", "sys.exc_info",
}  # fmt: skip
_OF_A_TASK = {"self", "cls", "task", "current_task", "request", "retries", "max_retries"}
_OF_SETTINGS = {"settings", "conf", "config", "app", "celery", "celery_app", "current_app", "django"}
_BARE = {"builtins.Exception", "builtins.BaseException"}
_OUTAGE = re.compile(
    r"Connect|Timeout|TimedOut|HTTP|Http|Network|Request|Operational|Database|SMTP|Socket|Unavailable|RateLimit|TooMany|"
    r"Throttl|Remote|Gateway|Service|Server|Client|API|Api|URLError|SSL|DNS|Broker|Redis|"
    r"^(OSError|IOError|EnvironmentError|Exception|BaseException)$"
)
#: Conditions under which something is waited for: codes of HTTP, and words.
_STATE = re.compile(r"\b(202|404|409|423|425)\b|not_found|conflict|lock|pending|running|ready|exist", re.IGNORECASE)
#: What is waited for, rather than what is down.
_WAITED_FOR = re.compile(
    r"Lock(?!out)|Busy|Held|Exist|NotFound|Missing|Pending|Running|Progress|Processing|(Not|Un)(Yet)?(Ready|Done|Finish|Complete)"
)


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
    """Whether some of the errors tell of a service or a connection that was not to be had.

    Those come at once for many tasks. A lock that is held, a row that is not there yet, a job that is not done, is
    polled.
    """
    names = [last_name(error) for _, error in named_errors(project, module, expr)] if expr is not None else []
    return any(_OUTAGE.search(name) and not _WAITED_FOR.search(name) for name in names)


def waits_for_state(module: Module, handler: ast.ExceptHandler, call: ast.Call) -> bool:
    """Whether the `try` or an `if` says that a row is locked or that something is not there yet."""
    outer = module.parents[handler]
    if isinstance(outer, ast.Try) and any(
        isinstance(node, ast.keyword) and node.arg == "nowait" for part in outer.body for node in ast.walk(part)
    ):
        return True
    tests = [node.test for node in ast.walk(handler) if isinstance(node, ast.If) and node in module.ancestors(call)]
    return any(_STATE.search(ast.unparse(test)) for test in tests)


def told_when(handler: ast.ExceptHandler, options: dict[str, ast.keyword]) -> bool:
    """Whether the error itself says when to come back, as a rate limit does."""
    waits = [options[name].value for name in ("countdown", "eta") if name in options]
    return any(isinstance(n, ast.Name) and n.id == handler.name for wait in waits for n in ast.walk(wait))


def asks(handler: ast.ExceptHandler, call: ast.Call, function: Function | None) -> bool:
    """Whether the handler decides by the error before it retries; to count the retries or to look at a setting, or at
    what the task was given, is to decide nothing.
    """
    given = {argument.arg for argument in function.args.args} if function is not None else set()
    for node in _own_nodes(handler):
        if isinstance(node, ast.If) and not _knows_no_error(node.test, given):
            if any(inner is call or _passes_on(inner) for inner in ast.walk(node)):
                return True
        elif _passes_on(node) and not _stands_under(handler, node, given):
            return True
    return False


def _own_nodes(handler: ast.ExceptHandler) -> Iterator[ast.AST]:
    """What stands in a handler, other handlers within it left out."""
    waiting: list[ast.AST] = list(handler.body)
    while waiting:
        node = waiting.pop(0)
        if not isinstance(node, ast.ExceptHandler):
            yield node
            waiting += ast.iter_child_nodes(node)


def _passes_on(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and node.exc is None


def _knows_no_error(test: ast.expr, given: set[str]) -> bool:
    """Whether a condition is about the number of retries, about settings or what the task was given alone."""
    found = words(test)
    about = bool(found & {"retries", *_OF_SETTINGS, *given})
    return about and all(w in _OF_A_TASK or w in _OF_SETTINGS or w in given or w.isupper() for w in found - {"len"})


def _stands_under(handler: ast.ExceptHandler, node: ast.AST, given: set[str]) -> bool:
    """Whether a node stands under a condition that knows no error."""
    branches = [n for n in ast.walk(handler) if isinstance(n, ast.If) and _knows_no_error(n.test, given)]
    return any(node is inner for branch in branches for inner in ast.walk(branch))


def is_no_exception(project: Project, module: Module, expr: ast.expr) -> bool:
    """Whether an expression is text, a number or a collection."""
    match expr:
        case ast.Constant(value=value):
            return bool(value)
        case ast.JoinedStr() | ast.Dict() | ast.List() | ast.Tuple() | ast.ListComp():
            return True
        case ast.BinOp(left=left, op=ast.Mod() | ast.Add()):
            return is_no_exception(project, module, left)
        case ast.Call(func=ast.Attribute(value=value, attr="format" | "join")):
            return is_no_exception(project, module, value)
        case ast.Call(func=func):
            return project.names.name(module, func) in _TEXTS
        case ast.Attribute(attr="args"):
            return True
        case ast.Name():
            bound = project.names.bindings(module, expr.id, expr)
            values = [b.target for b in bound if b.kind == "value" and isinstance(b.target, ast.expr)]
            return len(values) == len(bound) == 1 and is_no_exception(project, module, values[0])
    return False


def words(expr: ast.AST) -> set[str]:
    return {last_name(node) for node in ast.walk(expr) if isinstance(node, ast.Name | ast.Attribute)}
