"""The part of ACG109 that looks at transactions which Django opens: around each request, around a change in its admin.

Who writes nothing has nothing to commit: a publish counts only where a row is written before it for certain. Source:
`make_view_atomic` of `django.core.handlers.base`, `changeform_view` of `django.contrib.admin.options`.
"""

import ast
import re

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.analysis.kind_names import MANAGER, MODEL, QUERYSET
from asyncgen.check.analysis.project import Project
from asyncgen.check.analysis.request_handlers import is_django_view
from asyncgen.check.model.symbols import symbol_of
from asyncgen.check.rules.run_before import certain_calls, statements_before
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["is_written_before", "transaction_of_request"]

#: Django's `ModelAdmin`, and those of other distributions that derive from it.
_ADMIN = re.compile(r"\.(\w*ModelAdmin|UserAdmin)$")
_OF_ROWS_VIEW = re.compile(r"\.(\w*(Create|Update)View|ModelFormMixin)$")
_IN_ADMIN = {
    "save_model", "save_related", "save_formset", "save_form", "delete_model", "response_add", "response_change",
    "log_addition", "log_change",
}  # fmt: skip
#: Called once the row is saved.
_AFTER_THE_ROW = {"save_related", "response_add", "response_change", "log_addition", "log_change"}
_WRITES = {
    "get_or_create", "update_or_create", "bulk_create", "bulk_update", "perform_create", "perform_update",
    "perform_destroy",
}  # fmt: skip
_OF_ROWS = {"create", "update", "delete"}
_OF_SUPER = {"save_model", "save_related", "delete_model", "create", "update", "partial_update", "destroy"}


def transaction_of_request(project: Project, module: Module, call: ast.Call) -> str:
    """In words the transaction of Django's in which a call is made, or the empty string."""
    function = running_function(module, call)
    if function is None or project.tasks.around(module, call) is not None:
        return ""
    if _is_in_admin(project, module, function):
        return "the transaction of Django's admin"
    if project.usage.atomic_requests and is_django_view(project, module, function):
        return "the request's transaction (ATOMIC_REQUESTS)"
    return ""


def _is_in_admin(project: Project, module: Module, function: Function) -> bool:
    owner = module.class_of(function)
    if owner is None or function.name not in _IN_ADMIN:
        return False
    return any(map(_ADMIN.search, project.names.bases(symbol_of(module, owner))))


def is_written_before(project: Project, module: Module, call: ast.Call) -> bool:
    """Whether a row is written in the arguments of a call, or in a statement that has run whenever the call is made."""
    function = running_function(module, call)
    if function is None:
        return False
    if function.name in _AFTER_THE_ROW and _is_in_admin(project, module, function):
        return True
    if any(_is_write(project, module, inner) for inner in ast.walk(call) if isinstance(inner, ast.Call)):
        return True
    before = statements_before(module, function, call)
    return any(_is_write(project, module, done) for statement in before for done in certain_calls(statement))


def _is_write(project: Project, module: Module, call: ast.Call) -> bool:
    """Whether a call writes a row, itself or in the function of the project that it calls."""
    if _writes(project, module, call):
        return True
    symbol = project.names.resolve(module, call.func)
    if symbol is None or symbol.module is None or not isinstance(symbol.node, ast.FunctionDef):
        return False
    for statement in symbol.node.body:
        if any(_writes(project, symbol.module, inner) for inner in certain_calls(statement)):
            return True
        if any(isinstance(node, ast.Return | ast.Yield) for node in ast.walk(statement)):
            return False
    return False


def _writes(project: Project, module: Module, call: ast.Call) -> bool:
    func = call.func
    if not isinstance(func, ast.Attribute):
        return False
    if func.attr == "save":  # of a model, a form, a serializer; with positional arguments it saves a file
        return not call.args and not any(keyword.arg == "commit" for keyword in call.keywords)
    if func.attr in _OF_SUPER and _is_super(func.value):
        return True
    if func.attr == "form_valid" and _is_super(func.value):
        return _is_of_rows(project, module, call)
    if func.attr in _OF_ROWS:
        kind = project.kinds.of(module, func.value)
        return kind in {MANAGER, QUERYSET} or (kind == MODEL and func.attr == "delete")
    return func.attr in _WRITES


def _is_of_rows(project: Project, module: Module, call: ast.Call) -> bool:
    """Whether the form of the view around a call is that of a row, which `form_valid` saves."""
    function = module.function_of(call)
    owner = module.class_of(function) if function is not None else None
    bases = project.names.bases(symbol_of(module, owner)) if owner is not None else ()
    return any(map(_OF_ROWS_VIEW.search, bases))


def _is_super(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Call) and isinstance(expr.func, ast.Name) and expr.func.id == "super"
