"""In what a piece of code runs: a request, a task, whatever else somebody waits for."""

import ast

from asyncgen.check.analysis.request_handlers import is_request_handler
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import symbol_of
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["running_function", "waits_in"]

_RECEIVER = {"django.dispatch.receiver", "django.dispatch.dispatcher.receiver"}
_CONSUMER = "channels.generic."
_RESOLVES = ("strawberry.", "strawberry_django.", "ariadne.")


def running_function(module: Module, node: ast.AST) -> Function | None:
    """The function in which a node runs; None inside of a lambda, whose time nobody knows."""
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Lambda):
            return None
        if isinstance(ancestor, Function):
            return ancestor
    return None


def waits_in(project: CeleryProject, module: Module, node: ast.AST) -> str:
    """`a task`, `a request handler` or the like, where waiting holds up others; else the empty string."""
    function = running_function(module, node)
    if function is None:
        return ""
    if project.tasks.around(module, node) is not None:
        return "a task"
    if is_request_handler(project, module, function):
        return "a request handler"
    if _is_receiver(project, module, function):
        return "a signal receiver"
    if _is_resolver(project, module, function):
        return "a resolver"
    return "a consumer" if _is_of_consumer(project, module, function) else ""


def _is_receiver(project: CeleryProject, module: Module, function: Function) -> bool:
    """A receiver of Django's signals, decorated or connected in the same file: it runs in the request that sends."""
    names = project.names
    called = [d.func for d in function.decorator_list if isinstance(d, ast.Call)]
    if any(names.name(module, target) in _RECEIVER for target in called):
        return True
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "connect"
        and names.name(module, call.func).startswith("django.")
        and any(isinstance(a, ast.Name) and a.id == function.name for a in call.args[:1])
        for call in module.calls
    )


def _is_resolver(project: CeleryProject, module: Module, function: Function) -> bool:
    """A resolver of GraphQL, by its decorator; graphene's are methods of a view's kind."""
    targets = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return any(project.names.name(module, target).startswith(_RESOLVES) for target in targets)


def _is_of_consumer(project: CeleryProject, module: Module, function: Function) -> bool:
    """A method of a consumer of Channels."""
    owner = module.class_of(function)
    if owner is None or function.name == "__init__":
        return False
    bases = project.names.bases(symbol_of(module, owner))
    return any(base.startswith(_CONSUMER) for base in bases)
