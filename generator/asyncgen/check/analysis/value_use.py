"""What becomes of the value of a call that sends a task: whether code goes on with the result, or just with its id."""

import ast
from collections.abc import Iterable
from enum import IntEnum

from asyncgen.check.analysis.callers import Callers
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, Scope, last_name

__all__ = ["Use", "ValueUses", "loads_of"]

_DEPTH = 6
_IDS = {"id", "task_id"}
#: What is done to a message or a result without a look into it.
_UNREAD = {"revoke", "forget"}
_LOGS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print"}
_TEXT = {"str", "repr", "format"}
#: They call a function and give back what it gives.
_MAPS = {"map", "imap", "starmap", "submit", "reduce", "filter"}


class Use(IntEnum):
    """`KEPT`: the id goes to where somebody could ask for the result by it."""

    NONE = 0
    KEPT = 1
    READ = 2


class ValueUses:
    """What cannot be followed counts as read."""

    def __init__(self, project: CeleryProject, callers: Callers) -> None:
        self.project = project
        self.callers = callers
        self._found: dict[ast.expr, Use] = {}

    def of(self, module: Module, node: ast.expr, depth: int = 0) -> Use:
        """What becomes of the value of an expression, which is a result."""
        if node not in self._found:
            self._found[node] = Use.NONE  # while it is looked at: a name may be made from itself
            self._found[node] = self._of(module, node, depth)
        return self._found[node]

    def _of(self, module: Module, node: ast.expr, depth: int) -> Use:
        parent = module.parents[node]
        if depth > _DEPTH:
            return Use.READ
        match parent:
            case ast.Expr():
                return Use.NONE
            case ast.Lambda():
                around = module.parents[parent]
                return Use.READ if isinstance(around, ast.Call) and last_name(around.func) in _MAPS else Use.NONE
            case ast.Attribute(attr=attr):
                if attr in _IDS:
                    return self.of_id(module, parent, depth + 1)
                return Use.NONE if attr in _UNREAD else Use.READ
            case ast.Await() | ast.BoolOp() | ast.List() | ast.Tuple() | ast.ListComp() | ast.GeneratorExp():
                return self.of(module, parent, depth + 1)
            case ast.IfExp(test=test) if test is not node:
                return self.of(module, parent, depth + 1)
            case ast.FormattedValue():
                return self.of_id(module, node, depth + 1)
            case (
                ast.For(iter=over, target=ast.Name(id=name)) | ast.comprehension(iter=over, target=ast.Name(id=name))
            ) if over is node:
                return self._all(module, loads_of(self.project, module, name, parent), depth + 1)
            case ast.Assign() | ast.AnnAssign():
                return self._assigned(module, parent, depth + 1)
            case ast.Return():
                return self._returned(module, parent, depth + 1)
            case ast.keyword():
                return self._given(module, node, module.parents[parent], depth + 1)
            case ast.Call(func=func) if func is not node:
                return self._given(module, node, parent, depth + 1)
        return Use.READ

    def of_id(self, module: Module, node: ast.expr, depth: int = 0) -> Use:
        """Whether an id, or a text that has it, goes to more than a log."""
        parent = module.parents[node]
        if depth > _DEPTH:
            return Use.KEPT
        match parent:
            case ast.Expr():
                return Use.NONE
            case ast.FormattedValue():
                return self.of_id(module, node=_text_around(module, parent), depth=depth + 1)
            case ast.BinOp() | ast.Tuple():
                return self.of_id(module, parent, depth + 1)
            case ast.Assign(targets=[ast.Name(id=name)]):
                loads = loads_of(self.project, module, name, parent)
                return max((self.of_id(module, load, depth + 1) for load in loads), default=Use.NONE)
            case ast.Call(func=func) if func is not node:
                if _is_log(func) or last_name(func) in _UNREAD:
                    return Use.NONE
                return self.of_id(module, parent, depth + 1) if last_name(func) in _TEXT else Use.KEPT
        return Use.KEPT

    def _all(self, module: Module, nodes: Iterable[ast.expr], depth: int) -> Use:
        return max((self.of(module, node, depth) for node in nodes), default=Use.NONE)

    def _assigned(self, module: Module, statement: ast.Assign | ast.AnnAssign, depth: int) -> Use:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        found = Use.NONE
        for target in targets:
            if not isinstance(target, ast.Name):
                return Use.READ
            found = max(found, self._all(module, loads_of(self.project, module, target.id, statement), depth))
        return found

    def _returned(self, module: Module, statement: ast.Return, depth: int) -> Use:
        """What the callers do with it; none may be out of sight."""
        function = module.function_of(statement)
        if function is None or function in self.project.tasks.by_node:
            return Use.READ
        calls = self.callers.of(module, function)
        if not calls or self.callers.mentions(function) > len(calls):
            return Use.READ
        return max(self.of(home, call, depth) for home, call in calls)

    def _given(self, module: Module, node: ast.expr, call: ast.AST, depth: int) -> Use:
        """What a function that it is given to does with it."""
        name = last_name(call.func) if isinstance(call, ast.Call) else ""
        if isinstance(call, ast.Call) and (_is_log(call.func) or name in _UNREAD | {"len", "bool"}):
            return Use.NONE
        return self.of_id(module, node, depth) if name in _TEXT else Use.READ


def _is_log(func: ast.expr) -> bool:
    """Django's messages have methods of the same names, and users read them."""
    shown = isinstance(func, ast.Attribute) and last_name(func.value) == "messages"
    return last_name(func) in _LOGS and not shown


def loads_of(project: CeleryProject, module: Module, name: str, binding: ast.AST) -> list[ast.expr]:
    """Where a name is read that a statement or a loop binds."""
    scope: Scope | Function = module.function_of(binding) or module.tree
    return [
        node
        for node in ast.walk(scope)
        if isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and any(found.node is binding for found in project.names.bindings(module, name, node))
    ]


def _text_around(module: Module, part: ast.FormattedValue) -> ast.expr:
    parent = module.parents[part]
    return parent if isinstance(parent, ast.expr) else part
