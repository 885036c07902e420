"""Where code waits for the result of a task: it asks for the result, or looks again and again whether it is there."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from asyncgen.check.analysis.kind_names import RESULT
from asyncgen.check.analysis.project import Project
from asyncgen.check.analysis.readiness import LOOKING, is_surely_ready
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import SCOPES, last_name

__all__ = ["Wait", "waits"]

_WAITING = {"get", "wait", "wait_for_pending", "join", "join_native", "iterate", "collect", "iter_native"}
_SENDS = re.compile(r"delay|apply_async|send_task|Result|group|chord|chain|join_result")
_GOES_ROUND = re.compile(r"\bwhile\b|\bsleep\(")


class Wait(NamedTuple):
    """`parameter` names the argument that is waited for, where only callers can tell whether that is a result.
    `silenced` is what turns off Celery's own check.
    """

    node: ast.expr
    how: str
    parameter: str = ""
    silenced: str = ""


def waits(module: Module, project: Project) -> Iterator[Wait]:
    """Calls that wait, and loops that ask."""
    if not _SENDS.search(module.text):
        return
    for call in module.calls:
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr in _WAITING and not _is_of_dict_or_text(func.value, call.args):
            silenced = _silences(module, call)
            known = project.kinds.of(module, func.value) == RESULT or (
                silenced != "" and not call.args and not _is_run_here(project, module, func.value)
            )
            parameter = "" if known or call.args else _parameter(module, project, func.value)
            if (known or parameter) and not is_surely_ready(module, call, func.value):
                yield Wait(call, f"with .{func.attr}()", parameter, silenced)
    if LOOKING & module.index.attributes:
        yield from _polls(module, project)


def _is_of_dict_or_text(receiver: ast.expr, args: list[ast.expr]) -> bool:
    """`x.get("key")`, `", ".join(x)`: a timeout is no text."""
    return isinstance(receiver, ast.Constant) or (
        bool(args) and isinstance(args[0], ast.Constant) and isinstance(args[0].value, str)
    )


def _silences(module: Module, call: ast.Call) -> str:
    """What turns off Celery's check, that no task waits for another: the result of one is what is asked for, then."""
    if "disable_sync_subtasks" in [k.arg for k in call.keywords]:
        return "disable_sync_subtasks"
    if "allow_join_result" in module.text and any(
        isinstance(item.context_expr, ast.Call) and last_name(item.context_expr.func) == "allow_join_result"
        for ancestor in module.ancestors(call)
        if isinstance(ancestor, ast.With)
        for item in ancestor.items
    ):
        return "allow_join_result"
    return ""


def _is_run_here(project: Project, module: Module, receiver: ast.expr) -> bool:
    """Whether the task was called with `apply()`, which runs it there and then."""
    if isinstance(receiver, ast.Name):
        found = project.names.bindings(module, receiver.id, receiver)
        return any(isinstance(b.target, ast.expr) and ".apply(" in ast.unparse(b.target) for b in found)
    return ".apply(" in ast.unparse(receiver)


def _parameter(module: Module, project: Project, receiver: ast.expr) -> str:
    """The name of the argument that an expression is, if nothing else is assigned to it."""
    if not isinstance(receiver, ast.Name):
        return ""
    found = project.names.bindings(module, receiver.id, receiver)
    return receiver.id if len(found) == 1 and found[0].kind == "param" and found[0].target is None else ""


# ---- loops ----


def _polls(module: Module, project: Project) -> Iterator[Wait]:
    """The first look of each loop that asks how far a result, or an argument that may be one, is."""
    told: set[ast.AST] = set()
    for look in _looks(module):
        loops = [loop for loop in _loops_around(module, look) if _is_poll(module, loop, look)]
        if not loops or told & set(loops):
            continue
        known = project.kinds.of(module, look.value) == RESULT
        parameter = "" if known else _parameter(module, project, look.value)
        if known or parameter:
            told.update(loops)
            yield Wait(look, f"by asking for .{look.attr} in a loop", parameter)


def _looks(module: Module) -> Iterator[ast.Attribute]:
    """In the functions that go round until something is so, or sleep."""
    lines = [module.text.count("\n", 0, match.start()) + 1 for match in _GOES_ROUND.finditer(module.text)]
    for function in module.functions:
        if any(function.lineno <= line <= (function.end_lineno or 0) for line in lines):
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and node.attr in LOOKING:
                    yield node


def _loops_around(module: Module, node: ast.AST) -> list[ast.While | ast.For]:
    found = []
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, SCOPES):
            break
        if isinstance(ancestor, ast.While | ast.For):
            found.append(ancestor)
    return found


def _is_poll(module: Module, loop: ast.While | ast.For, look: ast.Attribute) -> bool:
    """Whether the loop goes round until the task is done, and holds up its thread meanwhile."""
    inside = list(ast.walk(loop))
    if any(isinstance(node, ast.Await | ast.Yield | ast.YieldFrom) for node in inside):
        return False
    sleeps = any(isinstance(node, ast.Call) and last_name(node.func) == "sleep" for node in inside)
    if isinstance(loop, ast.For):
        return sleeps and not _is_over(loop, look)
    return sleeps or look in ast.walk(loop.test) or _ends_it(module, loop, look)


def _is_over(loop: ast.For, look: ast.Attribute) -> bool:
    """Whether each turn looks at another result."""
    return any(isinstance(n, ast.Name) and n.id == last_name(look.value) for n in ast.walk(loop.target))


def _ends_it(module: Module, loop: ast.While, look: ast.Attribute) -> bool:
    """`while True: if result.ready(): break`."""
    return isinstance(loop.test, ast.Constant) and any(
        isinstance(ancestor, ast.If)
        and look in ast.walk(ancestor.test)
        and isinstance(ancestor.body[-1], ast.Break | ast.Return)
        for ancestor in module.ancestors(look)
    )
