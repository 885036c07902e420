"""What handles a request: views, by their decorators, base classes and arguments, and by how they are registered."""

import ast
import re

from asyncgen.check.analysis.kind_names import REQUESTS
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import symbol_of
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["is_django_view", "is_request_handler"]

_ROUTES = {
    "route", "get", "post", "put", "patch", "delete", "head", "options", "websocket", "api_view", "action",
    "expose", "login_required", "require_POST", "require_GET", "require_http_methods", "csrf_exempt",
    "permission_required", "user_passes_test", "view_config", "staff_member_required", "api_route",
    "never_cache", "cache_page",
}  # fmt: skip
#: The libraries whose decorators of those names are routes where they are imported alone.
_ROUTERS = ("django", "rest_framework", "flask", "pyramid", "litestar", "starlite", "bottle", "ninja", "cornice")
#: Calls that are given the function which handles a path.
_REGISTERING = {
    "add_url_rule", "add_api_route", "add_route", "add_get", "add_post", "add_put", "add_patch", "add_delete",
    "add_view", "add_websocket_route", "path", "re_path", "url", "Route",
}  # fmt: skip
_VIEW_BASES = (
    "django.views.", "rest_framework.views", "rest_framework.generics", "rest_framework.viewsets",
    "rest_framework.mixins", "flask.views", "flask_restful.Resource", "flask_restx.Resource",
    "flask_appbuilder", "tornado.web.RequestHandler", "flask_restplus.Resource", "falcon.",
    "django.contrib.admin", "aiohttp.web.View", "graphene.", "invenio_rest.ContentNegotiatedMethodView",
    "starlette.endpoints", "sanic.views", "tornado.websocket", "flask_classful.FlaskView",
)  # fmt: skip
#: Bases of another distribution that are views by their name.
_VIEW_NAME = re.compile(r"(View|ViewSet|HTTPEndpoint|RequestHandler|Mutation|RestResource|ApiResource)$")
_OF_FALCON = (["req", "resp"], ["request", "response"])
_DJANGO = ("django.views.", "rest_framework.", "django.contrib.admin")
_OTHERS = (
    "fastapi", "flask", "starlette", "sanic", "quart", "litestar", "starlite", "pyramid", "bottle", "ninja", "cornice",
    "aiohttp",
)  # fmt: skip
_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "dispatch"}
_VIEW_METHODS = _VERBS | {
    "__call__",
    "list", "create", "retrieve",
    "update", "partial_update", "destroy", "form_valid", "form_invalid", "get_context_data", "mutate",
    "get_queryset", "perform_create", "perform_update", "perform_destroy", "get_object", "_process",
    "save_model", "response_change",
}  # fmt: skip


def is_request_handler(project: CeleryProject, module: Module, function: Function) -> bool:
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = last_name(target)
        if last in _ROUTES and _is_route(project, module, target, last):
            return True
    owner = module.class_of(function)
    if owner is not None:
        return _is_view_method(project, module, owner, function)
    return _takes_request(project, module, function) or _is_registered(module, function)


def _takes_request(project: CeleryProject, module: Module, function: Function) -> bool:
    """By its first argument, or by those of an action of Django's admin."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    if [a.arg for a in arguments[1:3]] == ["request", "queryset"]:
        return True
    if not arguments or not any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(function)):
        return False
    first = arguments[0]
    if first.arg == "request":
        return True
    return first.annotation is not None and project.names.name(module, first.annotation) in REQUESTS


def _is_registered(module: Module, function: Function) -> bool:
    """Whether the same file gives the function to a router: `add_url_rule("/sum", view_func=f)`, `Route("/sum", f)`."""
    return module.parents.get(function) is module.tree and any(
        isinstance(given, ast.Name) and given.id == function.name
        for call in module.calls
        if last_name(call.func) in _REGISTERING
        for given in [*call.args, *(k.value for k in call.keywords)]
    )


def is_django_view(project: CeleryProject, module: Module, function: Function) -> bool:
    """Whether Django calls it for a request, in a transaction if settings say so.

    An `async` view cannot run in one, a middleware runs around it, and `non_atomic_requests` exempts a view.
    """
    if isinstance(function, ast.AsyncFunctionDef) or not is_request_handler(project, module, function):
        return False
    owner = module.class_of(function)
    if owner is not None:
        bases = project.names.bases(symbol_of(module, owner))
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
    return isinstance(target, ast.Attribute) or name.startswith(_ROUTERS)


def _is_view_method(project: CeleryProject, module: Module, owner: ast.ClassDef, function: Function) -> bool:
    arguments = [a.arg for a in function.args.args]
    if function.name in {*_VERBS, "__call__"} and arguments[1:2] == ["request"]:
        return True
    if function.name.startswith("on_") and function.name[3:] in _VERBS and arguments[1:3] in _OF_FALCON:
        return True
    bases = project.names.bases(symbol_of(module, owner))
    if not any(base.startswith(_VIEW_BASES) or _VIEW_NAME.search(base) for base in bases):
        return False
    if function.name in _VIEW_METHODS or function.name.startswith("resolve_"):
        return True
    return "request" in arguments[1:3] or bool(function.decorator_list)
