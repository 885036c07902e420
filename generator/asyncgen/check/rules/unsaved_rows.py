"""The part of ACG109 that looks at rows: one that was changed before a publish and is saved after it."""

import ast
import re

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.rules.run_before import calls_between, certain_calls, statements_after, statements_before
from asyncgen.check.rules.session_writes import is_session
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["unsaved_row"]

_KEY = re.compile(r"(^|_)(pk|id|uuid)$")
_SAVES = {"save", "asave", "bulk_update", "bulk_create", "update", "create", "commit", "rollback", "refresh_from_db"}
#: What takes a row without saving it.
_KEEPS = {"add", "flush", "refresh", "debug", "info", "warning", "str", "print", "len", "setattr", "getattr", "hasattr"}


def unsaved_row(module: Module, call: ast.Call) -> str:
    """The name of a row whose key is sent and that has a change which is saved afterwards, or the empty string."""
    function = running_function(module, call)
    rows = {
        node.value.id
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]
        for node in ast.walk(argument)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and _KEY.search(node.attr)
    }
    if function is None or not rows - {"self"}:
        return ""
    for statement in statements_before(module, function, call):
        made, form = _not_yet_saved(statement)
        row = made or _changed(statement)
        if row in rows:
            between = calls_between(function, statement, call)
            if any(_may_save(other, name) for other in between for name in (row, form)):
                return ""
            after = [c for s in statements_after(module, function, call) for c in certain_calls(s)]
            if made or any(_saves(module, other, row) for other in after):
                return row
    return ""


def _not_yet_saved(statement: ast.stmt) -> tuple[str, str]:
    """The row and the form of `row = form.save(commit=False)`: it has no key until somebody saves either."""
    match statement:
        case ast.Assign(
            targets=[ast.Name(id=row)],
            value=ast.Call(
                func=ast.Attribute(value=form, attr="save"), keywords=[ast.keyword(arg="commit", value=value)]
            ),
        ) if isinstance(value, ast.Constant) and value.value is False:
            return row, last_name(form)
    return "", ""


def _changed(statement: ast.stmt) -> str:
    match statement:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=row))]):
            return row
        case ast.AugAssign(target=ast.Attribute(value=ast.Name(id=row))):
            return row
    return ""


def _may_save(call: ast.Call, row: str) -> bool:
    """Whether a call may save a row: by its name, or since the row is handed to what none can see."""
    name = last_name(call.func)
    if ".objects." in ast.unparse(call.func) and name not in _SAVES - {"create"}:
        return False  # of its own model: a log, a look-up, a new row
    if name in _SAVES or "save" in name or "commit" in name:
        return True
    return name not in _KEEPS and any(isinstance(argument, ast.Name) and argument.id == row for argument in call.args)


def _saves(module: Module, call: ast.Call, row: str) -> bool:
    func = call.func
    if not isinstance(func, ast.Attribute):
        return False
    if func.attr in {"save", "asave"}:
        return isinstance(func.value, ast.Name) and func.value.id == row
    return func.attr == "commit" and is_session(module, func.value)
