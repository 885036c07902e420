"""What a message is sent to: a task, a signature, or a task of another distribution."""

import ast
import re

from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.task import Task
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["SIGNING", "is_signature", "outside_task", "task_of"]

#: Describes a message that is sent later.
SIGNING = frozenset({"s", "si", "signature", "subtask"})
_CANVAS = {"celery.chain()", "celery.group()", "celery.chord()", "celery.signature()", "celery.Signature()"}
_MAKES_SIGNATURES = ("group(", "chain(", "chord(", "signature(", ".s(", ".si(")
_DEPTH = 8
#: What a task is called that a function was given.
_GIVEN = re.compile(r"(^|_)(task|signature|sig)$")
_OUTSIDE_TASK = re.compile(r"(^|[._])(tasks?|celery\w*|workers?|jobs?)(\.\w+)+$|\.\w+_task$")


def task_of(project: CeleryProject, module: Module, expr: ast.expr) -> Task | None:
    """The task that an expression means."""
    symbol = project.names.resolve(module, expr)
    if symbol is not None and symbol.node is not None:
        task = project.tasks.by_node.get(symbol.node)
        if task is not None:
            return task
        if isinstance(symbol.node, ast.Call) and symbol.module is not None:
            return _registered(project, symbol.module, symbol.node)
    if isinstance(expr, ast.Name) and expr.id in {"self", "cls"}:
        task = project.tasks.around(module, expr)
        return task if task is not None and task.bound else None
    if isinstance(expr, ast.Call):
        return _registered(project, module, expr)
    return None


def _registered(project: CeleryProject, module: Module, call: ast.Call) -> Task | None:
    """`Task()` of a class, `app.register_task(Task())`, `app.task(function)`."""
    if call in project.tasks.by_call:
        return project.tasks.by_call[call]
    names = project.names
    callee = names.resolve(module, call.func)
    if callee is None:
        return None
    if callee.node is not None and callee.node in project.tasks.by_node:
        task = project.tasks.by_node[callee.node]
        return task if isinstance(task.node, ast.ClassDef) else None
    if callee.name in {"celery.Celery().register_task", "celery.Celery().task", "celery.shared_task"}:
        for argument in call.args[:1]:
            return task_of(project, module, argument)
    return None


def is_signature(project: CeleryProject, module: Module, expr: ast.expr, depth: int = 0) -> bool:
    """Whether an expression is a signature, a chain, a group or a chord."""
    if depth > _DEPTH:
        return False
    if isinstance(expr, ast.Call):
        if project.names.name(module, expr) in _CANVAS:
            return True
        func = expr.func
        if isinstance(func, ast.Attribute):
            if func.attr in SIGNING and _is_task(project, module, func.value):
                return True
            if func.attr in {"set", "clone", "on_error"}:
                return is_signature(project, module, func.value, depth + 1)
        return _returns_signature(project, module, expr, depth)
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitOr):
        return any(is_signature(project, module, side, depth + 1) for side in (expr.right, expr.left))
    if isinstance(expr, ast.Name):
        for binding in project.names.bindings(module, expr.id, expr):
            if (
                binding.kind == "value"
                and isinstance(binding.target, ast.Call | ast.BinOp)
                and is_signature(project, module, binding.target, depth + 1)
            ):
                return True
    return False


def _returns_signature(project: CeleryProject, module: Module, call: ast.Call, depth: int) -> bool:
    """Whether a function of the project gives back nothing but signatures."""
    callee = project.names.shallow.resolve(module, call.func)
    if callee is None or callee.module is None or not isinstance(callee.node, ast.FunctionDef):
        return False
    home, function = callee.module, callee.node
    if function.decorator_list or not any(word in home.text for word in _MAKES_SIGNATURES):
        return False
    values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return bool(values) and all(v is not None and is_signature(project, home, v, depth + 1) for v in values)


def is_looked_up(project: CeleryProject, module: Module, expr: ast.expr) -> bool:
    """Whether an expression means a task by its name, that a function was given, an object holds or a dict has."""
    if "celery" not in module.text.lower() and "shared_task" not in module.text and "tasks" not in module.text:
        return False
    match expr:
        case ast.Subscript(value=owner):
            symbol = project.names.resolve(module, owner)
            listed = symbol.node if symbol is not None and symbol.module is not None else owner
            home = symbol.module if symbol is not None and symbol.module is not None else module
            if isinstance(listed, ast.Dict):
                return any(task_of(project, home, value) is not None for value in listed.values)
            return last_name(owner) == "tasks"
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, *_]):
            return last_name(owner) == "tasks"
        case ast.Name() | ast.Attribute():
            return _GIVEN.search(last_name(expr)) is not None and project.names.resolve(module, expr) is None
    return False


def _is_task(project: CeleryProject, module: Module, expr: ast.expr) -> bool:
    return task_of(project, module, expr) is not None or outside_task(project, module, expr)


def outside_task(project: CeleryProject, module: Module, expr: ast.expr) -> bool:
    """A name imported from a `tasks` module of another distribution, or from one of the project's that is missing."""
    if not isinstance(expr, ast.Name | ast.Attribute):
        return False
    symbol = project.names.resolve(module, expr)
    if symbol is None or symbol.module is not None or "()" in symbol.name:
        return False
    top, last = symbol.name.partition(".")[0], symbol.name.rpartition(".")[2]
    if top in {"self", "builtins", "invoke", "huey", "asyncio", "celery", "rq", "dramatiq"}:
        return False
    own = top == module.name.partition(".")[0] or re.search(rf"^\s*from \.\S* import .*\b{last}\b", module.text, re.M)
    return bool(own and last.islower()) or _OUTSIDE_TASK.search(symbol.name) is not None
