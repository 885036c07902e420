"""The part of ACG109 that asks what a transaction writes: one that only reads or locks rows has nothing to commit."""

import ast
import re
from collections.abc import Iterable, Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import ON_COMMIT, SENDING
from asyncgen.check.rules.run_before import statements_before
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["beside", "may_write"]

#: Methods that change no row, whatever they are called on.
_READING = SENDING | ON_COMMIT | {
    "aggregate", "alias", "all", "annotate", "count", "dates", "datetimes", "defer", "distinct", "earliest", "exclude",
    "exists", "explain", "filter", "first", "get", "get_object", "get_queryset", "in_bulk", "iterator", "last",
    "latest", "none", "only", "order_by", "prefetch_related", "refresh_from_db", "reverse", "select_for_update",
    "select_related", "using", "values", "values_list",
    "append", "copy", "decode", "encode", "endswith", "extend", "format", "is_valid", "isoformat", "items", "join",
    "keys", "lower", "pop", "replace", "setdefault", "split", "startswith", "strftime", "strip", "upper",
    "on_commit", "s", "si", "signature",
}  # fmt: skip
_HARMLESS = re.compile(
    r"builtins\.\w+$|(celery|collections|datetime|functools|itertools|json|logging|operator|random|re|time|uuid)\.|"
    r"django\.(conf|contrib\.messages|core\.(cache|exceptions)|db\.(models|transaction)|http|shortcuts|urls|utils)\b|"
    r"rest_framework\.(exceptions|response)\b"
)
_LOGGER = re.compile(r"^_?(logger|logging|log)$", re.IGNORECASE)
#: How deep calls of the project's own functions are followed.
_DEPTH = 3


def may_write(project: Project, module: Module, nodes: Iterable[ast.AST], depth: int = 0) -> bool:
    """Whether one of the calls in some nodes may change a row: all do that are not known to do no such thing."""
    return any(not _only_reads(project, module, call, depth) for node in nodes for call in _calls(node))


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """Those in a node but for the errors that it raises."""
    if isinstance(node, ast.Raise):
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child)


def _only_reads(project: Project, module: Module, call: ast.Call, depth: int) -> bool:
    func = call.func
    if isinstance(func, ast.Attribute) and (func.attr in _READING or _LOGGER.match(last_name(func.value))):
        return True
    symbol = project.names.resolve(module, func)
    if symbol is None:
        return False
    if symbol.module is None:
        return _HARMLESS.match(symbol.name) is not None
    if isinstance(symbol.node, ast.ClassDef):
        return True  # an object that is not saved
    if not isinstance(symbol.node, Function) or depth == _DEPTH or _is_for_others(symbol.node):
        return False
    return not may_write(project, symbol.module, symbol.node.body, depth + 1)


def _is_for_others(function: Function) -> bool:
    """Whether a method only says that subclasses have it."""
    return isinstance(function.body[-1], ast.Raise) and "NotImplementedError" in ast.unparse(function.body[-1])


def beside(module: Module, around: ast.With | ast.AsyncWith | Function, call: ast.Call) -> list[ast.stmt]:
    """What a transaction does beside a call: where the call's branch returns, that and what comes before it."""
    child: ast.AST = call
    function = module.function_of(call)
    for ancestor in module.ancestors(call):
        if ancestor is around:
            break
        if isinstance(ancestor, ast.If) and function is not None:
            branch = ancestor.body if child in ancestor.body else ancestor.orelse
            if branch and isinstance(branch[-1], ast.Return):
                before = statements_before(module, function, ancestor)
                return [*branch, *(s for s in before if s.lineno >= around.body[0].lineno)]
        child = ancestor
    return around.body
