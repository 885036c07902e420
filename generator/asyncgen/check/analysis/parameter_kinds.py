"""What a function is given: a request, the model instance of a signal, the instance that a method runs on."""

import ast

from asyncgen.check.analysis.class_kinds import is_model
from asyncgen.check.analysis.kind_names import MODEL, REQUEST, REQUESTS, RESULT, RESULTS
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Binding, Function

__all__ = ["is_request_of_view", "parameter_kind"]

_VIEWS = ("django.views", "rest_framework", "django.contrib.admin")


def parameter_kind(project: CeleryProject, module: Module, name: str, binding: Binding) -> str:
    """By its annotation, else by its name and place. A task's own arguments come from a message: they have none."""
    function = module.parents.get(module.parents.get(binding.node, binding.node))
    if not isinstance(function, Function) or function in project.tasks.by_node:
        return ""
    owner = module.class_of(function)
    first = next(iter([*function.args.posonlyargs, *function.args.args]), None)
    if owner is not None and first is binding.node and name == "self":
        if owner in project.tasks.by_node:
            return ""
        model = is_model(project.names, Symbol(f"{module.name}.{owner.name}", module, owner))
        return MODEL if model else ""
    if isinstance(binding.target, ast.expr):
        symbol = project.names.resolve(module, binding.target)
        if symbol is not None and symbol.name in REQUESTS:
            return REQUEST
        if symbol is not None and symbol.name in RESULTS:
            return RESULT
        if symbol is not None and isinstance(symbol.node, ast.ClassDef):
            return MODEL if is_model(project.names, symbol) else ""
        return ""
    if name == "instance" and _is_receiver(project, module, function):
        return MODEL
    if name == "request" and _takes_request(function, first, binding.node):
        return REQUEST
    return ""


def _is_receiver(project: CeleryProject, module: Module, function: Function) -> bool:
    return any(
        isinstance(d, ast.Call) and project.names.name(module, d.func) == "django.dispatch.receiver"
        for d in function.decorator_list
    )


def _takes_request(function: Function, first: ast.arg | None, node: ast.AST) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args]
    second = arguments[1] if len(arguments) > 1 and arguments[0].arg in {"self", "cls"} else None
    return node is first or node is second


def is_request_of_view(project: CeleryProject, module: Module, expr: ast.Attribute) -> bool:
    """`self.request` in a method of a view."""
    if expr.attr != "request" or not (isinstance(expr.value, ast.Name) and expr.value.id == "self"):
        return False
    function = module.function_of(expr)
    owner = module.class_of(function) if function is not None else None
    if owner is None:
        return False
    bases = project.names.bases(Symbol(f"{module.name}.{owner.name}", module, owner))
    return any(base.startswith(_VIEWS) for base in bases)
