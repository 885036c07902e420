"""Calls that send a task though none is of its own `delay` or `apply_async`."""

import ast

from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.targets import SIGNING, is_signature
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["is_canvas", "sent_elsewhere"]

_CANVAS = {"celery.chain", "celery.group", "celery.chord"}
_WRAPPERS = {"sync_to_async", "database_sync_to_async"}
#: Functions that call their argument of that place in a thread.
_IN_THREAD = {"to_thread": 0, "run_in_threadpool": 0, "run_sync": 0, "run_in_executor": 1}


def is_canvas(project: CeleryProject, module: Module, expr: ast.expr) -> bool:
    """Whether an expression is a chain, a group or a chord: to call one is to send it, to call a signature runs it."""
    match expr:
        case ast.Call(func=func):
            return last_name(func) in {"chain", "group", "chord"} and project.names.name(module, func) in _CANVAS
        case ast.BinOp(op=ast.BitOr()):
            return is_signature(project, module, expr)
        case ast.Name(id=name) if SIGNING & module.index.attributes:
            bound = project.names.bindings(module, name, expr)
            made = [binding.target for binding in bound if binding.kind == "value"]
            return len(made) == len(bound) > 0 and all(
                isinstance(value, ast.Call | ast.BinOp) and is_canvas(project, module, value) for value in made
            )
    return False


def sent_elsewhere(call: ast.Call) -> ast.Call | None:
    """`task.delay(...)` of `sync_to_async(task.delay)(...)` and `to_thread(task.delay, ...)`."""
    match call.func:
        case ast.Call(func=func, args=[ast.Attribute() as given]) if last_name(func) in _WRAPPERS:
            return ast.copy_location(ast.Call(given, call.args, call.keywords), call)
    place = _IN_THREAD.get(last_name(call.func), len(call.args))
    match call.args[place:]:
        case [ast.Attribute() as given, *arguments]:
            return ast.copy_location(ast.Call(given, arguments, call.keywords), call)
    return None
