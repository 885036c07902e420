"""In what a piece of code runs: a request, a task, a transaction."""

import ast

from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["is_django_view", "is_request_handler", "running_function", "waits_in"]

_ROUTES = {
    "route", "get", "post", "put", "patch", "delete", "head", "options", "websocket", "api_view", "action",
    "expose", "login_required", "require_POST", "require_GET", "require_http_methods", "csrf_exempt",
    "permission_required", "user_passes_test", "view_config", "staff_member_required", "api_route",
    "never_cache", "cache_page",
}  # fmt: skip
_VIEW_BASES = (
    "django.views.", "rest_framework.views", "rest_framework.generics", "rest_framework.viewsets",
    "rest_framework.mixins", "flask.views", "flask_restful.Resource", "flask_restx.Resource",
    "flask_appbuilder", "tornado.web.RequestHandler", "flask_restplus.Resource", "falcon.",
    "django.contrib.admin", "aiohttp.web.View", "graphene.", "invenio_rest.ContentNegotiatedMethodView",
    "starlette.endpoints",
)  # fmt: skip
_DJANGO = ("django.views.", "rest_framework.", "django.contrib.admin")
_OTHERS = ("fastapi", "flask", "starlette", "sanic", "quart", "litestar")
_VIEW_METHODS = {
    "get", "post", "put", "patch", "delete", "head", "options", "dispatch", "list", "create", "retrieve",
    "update", "partial_update", "destroy", "form_valid", "form_invalid", "get_context_data", "mutate",
    "get_queryset", "perform_create", "perform_update", "perform_destroy", "get_object", "_process",
    "save_model", "response_change",
}  # fmt: skip


def running_function(module: Module, node: ast.AST) -> Function | None:
    """The function in which a node runs; None inside of a lambda, whose time nobody knows."""
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, ast.Lambda):
            return None
        if isinstance(ancestor, Function):
            return ancestor
    return None


def waits_in(project: CeleryProject, module: Module, node: ast.AST) -> str:
    """`a task` or `a request handler`, where waiting holds up others; else the empty string."""
    function = running_function(module, node)
    if function is None:
        return ""
    if project.tasks.around(module, node) is not None:
        return "a task"
    if is_request_handler(project, module, function):
        return "a request handler"
    return ""


def is_request_handler(project: CeleryProject, module: Module, function: Function) -> bool:
    owner = module.class_of(function)
    if owner is not None:
        return _is_view_method(project, module, owner, function)
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if last in _ROUTES and _is_route(project, module, target, last):
            return True
    arguments = [*function.args.posonlyargs, *function.args.args]
    if not arguments or arguments[0].arg != "request":
        return False
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))


def is_django_view(project: CeleryProject, module: Module, function: Function) -> bool:
    """Whether Django calls it for a request, in a transaction if settings say so.

    An `async` view cannot run in one, a middleware runs around it, and `non_atomic_requests` exempts a view.
    """
    if isinstance(function, ast.AsyncFunctionDef) or not is_request_handler(project, module, function):
        return False
    owner = module.class_of(function)
    if owner is not None:
        bases = project.names.bases(Symbol(f"{module.name}.{owner.name}", module, owner))
        if not any(base.startswith(_DJANGO) for base in bases):
            return False
    elif any(_decorator_name(project, module, d).startswith(_OTHERS) for d in function.decorator_list):
        return False
    outer = module.function_of(function)
    if outer is not None and any(argument.arg == "get_response" for argument in outer.args.args):
        return False
    if "non_atomic_requests" in [_last_word(d) for d in function.decorator_list]:
        return False
    return not _is_exempt(project, module, owner or function)


def _decorator_name(project: CeleryProject, module: Module, decorator: ast.expr) -> str:
    return project.names.name(module, decorator.func if isinstance(decorator, ast.Call) else decorator)


def _last_word(decorator: ast.expr) -> str:
    """The decorator's name; that of its argument for `method_decorator(...)`."""
    if isinstance(decorator, ast.Call) and last_name(decorator.func) == "method_decorator" and decorator.args:
        return _last_word(decorator.args[0])
    return last_name(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _is_exempt(project: CeleryProject, module: Module, view: Function | ast.ClassDef) -> bool:
    """Whether a view as a whole is no transaction; one of its methods may be for itself."""
    nodes: list[Function | ast.ClassDef] = [view]
    if isinstance(view, ast.ClassDef):
        nodes += [node for node in view.body if isinstance(node, Function) and node.name == "dispatch"]
    if any("non_atomic_requests" in ast.unparse(d) for node in nodes for d in node.decorator_list):
        return True
    if view.name in project.unread_words and "non_atomic_requests" in project.unread_words:
        return True
    return any(
        last_name(node) == view.name
        for other in project.modules
        if "non_atomic_requests" in other.text
        for call in other.calls
        if last_name(call.func) == "non_atomic_requests"
        for node in ast.walk(call)
        if isinstance(node, ast.Name | ast.Attribute)
    )


def _is_route(project: CeleryProject, module: Module, target: ast.expr, last: str) -> bool:
    name = project.names.name(module, target)
    if name.startswith(("pytest", "celery", "click", "typer")):
        return False
    return isinstance(target, ast.Attribute) or name.startswith(("django", "rest_framework", "flask"))


def _is_view_method(project: CeleryProject, module: Module, owner: ast.ClassDef, function: Function) -> bool:
    bases = project.names.bases(Symbol(f"{module.name}.{owner.name}", module, owner))
    if not any(base.startswith(_VIEW_BASES) for base in bases):
        return False
    if function.name in _VIEW_METHODS:
        return True
    arguments = [a.arg for a in function.args.args]
    return "request" in arguments[1:3] or bool(function.decorator_list)
