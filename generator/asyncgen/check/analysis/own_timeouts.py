"""Whether a function ends its own work after some time, without a limit of Celery's."""

import ast
import re
from collections.abc import Iterable, Iterator

from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import SCOPES, Function, last_name

__all__ = ["has_own_timeout"]

#: What ends the block or the function that it is put around, in the standard library and several distributions.
_AROUND = re.compile(
    r"^((async_|signal_|func_set_)?timeout|time_?limit|(\w+)?Timeout|timeout_(after|at)|fail_after|move_on_after)$"
)
#: What gives up the call that it is given.
_GIVES_UP = {"wait_for", "func_timeout", "run_with_timeout"}
_ALARMS = {"signal.alarm", "signal.setitimer"}
#: With `timeout=` these end the process that they wait for.
_PROCESSES = {f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output")}
_LOGGER = re.compile(r"^_?(logger|logging|log)$", re.IGNORECASE)


def has_own_timeout(names: Names, module: Module, function: Function, decorator: ast.expr | None) -> bool:
    """Whether an alarm, a decorator beside the task's own one, or what stands around all of its calls ends it.

    A timeout of one call among others, such as an HTTP client's, is none of the whole.
    """
    if any(_ends(outer) for outer in function.decorator_list if outer is not decorator):
        return True
    ended = False
    for node in _work(function.body):
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            return False  # what is ended in it comes again
        if not isinstance(node, ast.Call):
            ended = True
        elif names.name(module, node.func) in _ALARMS:
            if not _is_cancelled(node):
                return True
        elif any(_is_ended(names, module, inner) for inner in ast.walk(node)):
            ended = True
        elif not _is_slight(names, module, node):
            return False
    return ended


def _work(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """What runs in a body: blocks that end what is in them, loops, and the outermost calls outside of those. It leaves
    out handlers of errors.
    """
    for node in nodes:
        is_ended = isinstance(node, ast.With | ast.AsyncWith) and any(_ends(item.context_expr) for item in node.items)
        if is_ended or isinstance(node, ast.Call | ast.For | ast.AsyncFor | ast.While):
            yield node
        elif not isinstance(node, (*SCOPES, ast.ExceptHandler)):
            yield from _work(ast.iter_child_nodes(node))


def _ends(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Call) and _AROUND.match(last_name(expr.func)) is not None


def _is_ended(names: Names, module: Module, node: ast.AST) -> bool:
    """Whether a call is given up after some time: `wait_for(...)`, `func_timeout(...)`, a process with `timeout=`."""
    if not isinstance(node, ast.Call):
        return False
    if names.name(module, node.func) in _PROCESSES:
        return any(keyword.arg == "timeout" for keyword in node.keywords)
    return last_name(node.func) in _GIVES_UP


def _is_cancelled(alarm: ast.Call) -> bool:
    return any(isinstance(argument, ast.Constant) and argument.value == 0 for argument in alarm.args)


def _is_slight(names: Names, module: Module, call: ast.Call) -> bool:
    """Whether a call takes no time that counts: it logs, or is one of Python's own functions."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    name = names.name(module, call.func)
    return _LOGGER.match(last_name(owner)) is not None or name.startswith("builtins.") or name == "signal.signal"
