"""What a function is given: a request, the model instance of a signal, the instance that a method runs on."""

import ast
import re

from asyncgen.check.analysis.class_kinds import class_kind, is_model
from asyncgen.check.analysis.kind_names import GIVEN, MAIL, MODEL, QUERYSET, REQUEST, REQUESTS, RESULT, RESULTS
from asyncgen.check.analysis.stores import assigned_to
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import symbol_of
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Binding, Function, last_name, parameters, without_none

__all__ = ["is_request_of_view", "is_row_of_view", "parameter_kind"]

_LISTS = {"list", "List", "Sequence", "Iterable"}
_OF_ROWS = re.compile(r"\.(\w*(Create|Update|Detail|Delete|Destroy)\w*View|\w*ModelViewSet|SingleObjectMixin)$")
_OF_ADMIN = {"save_model", "delete_model", "response_add", "response_change", "log_addition", "log_change"}
_USER = re.compile(r"(^|_)current_(\w+_)?user$")
_OF_USERS = re.compile(r"(User|Account)$")
_OF_MAILS = re.compile(r"\bmail\.backends\.|EmailBackend$")
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
        model = is_model(project.names, symbol_of(module, owner))
        return MODEL if model else ""
    if isinstance(binding.node, ast.arg) and _is_given_user(project, module, function, binding.node):
        return MODEL
    if isinstance(binding.target, ast.expr):
        symbol = project.names.resolve(module, _inner(binding.target))
        if symbol is not None and symbol.name in REQUESTS:
            return REQUEST
        if symbol is not None and symbol.name in RESULTS:
            return RESULT
        if symbol is not None and symbol.name in GIVEN:
            return GIVEN[symbol.name]
        return class_kind(project.names, symbol) if symbol is not None else ""
    if name == "instance" and any(argument.arg == "sender" for argument in function.args.args):
        return MODEL  # in a receiver of signals
    if owner is not None and function.name == "send_messages" and _is_second(function, binding.node):
        return MAIL if any(map(_OF_MAILS.search, project.names.bases(symbol_of(module, owner)))) else ""
    if name == "request" and (first is binding.node or _is_second(function, binding.node)):
        return REQUEST
    names = [argument.arg for argument in function.args.args]
    if names[1:3] == ["request", name]:
        if name == "queryset" and len(names) == 3:
            return QUERYSET  # an action of Django's admin
        return MODEL if name == "obj" and function.name in _OF_ADMIN else ""
    return ""


def _inner(annotation: ast.expr) -> ast.expr:
    """`Order` of `Order | None`, `Optional[Order]`, `list[Order]`: a list of rows has the kind of a row."""
    match annotation:
        case ast.Subscript(value=outer, slice=inner) if last_name(outer) in _LISTS:
            return inner
    return without_none(annotation)


def _is_given_user(project: CeleryProject, module: Module, function: Function, node: ast.arg) -> bool:
    """`user=Depends(current_user)`, unless what it depends on says that it gives something else."""
    match dict(parameters(function)).get(node):
        case ast.Call(func=func, args=[asked, *_]) if last_name(func) in {"Depends", "Security"}:
            symbol = project.names.resolve(module, asked)
            returns = symbol.node.returns if symbol is not None and isinstance(symbol.node, Function) else None
            said = [last_name(e.value if isinstance(e, ast.Subscript) else e) for e in (node.annotation, returns) if e]
            return _USER.search(last_name(asked)) is not None and all(_OF_USERS.search(word) for word in said)
    return False


def _is_second(function: Function, node: ast.AST) -> bool:
    """Whether it is the first argument of a method, after `self`."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    return len(arguments) > 1 and arguments[0].arg in {"self", "cls"} and node is arguments[1]


def is_row_of_view(project: CeleryProject, module: Module, expr: ast.Attribute) -> bool:
    """`self.object`, or the `get_object` of `self.get_object()`, in a generic view that says nothing else of it."""
    function = module.function_of(expr)
    owner = module.class_of(function) if function is not None else None
    if owner is None or not (isinstance(expr.value, ast.Name) and expr.value.id == "self"):
        return False
    view = symbol_of(module, owner)
    if project.names.class_attribute(view, expr.attr) is not None or assigned_to(module, expr):
        return False
    return any(map(_OF_ROWS.search, project.names.bases(view)))


def is_request_of_view(project: CeleryProject, module: Module, expr: ast.Attribute) -> bool:
    """`self.request` in a method of a view."""
    if expr.attr != "request" or not (isinstance(expr.value, ast.Name) and expr.value.id == "self"):
        return False
    function = module.function_of(expr)
    owner = module.class_of(function) if function is not None else None
    if owner is None:
        return False
    bases = project.names.bases(symbol_of(module, owner))
    return any(base.startswith(_VIEWS) for base in bases)
