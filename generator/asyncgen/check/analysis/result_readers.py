"""Where code reads results by the id of their task, and of which tasks that can be."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.analysis.callers import Callers
from asyncgen.check.analysis.value_use import Use, ValueUses
from asyncgen.check.celery.dispatch import Dispatch, Dispatches
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.targets import task_of
from asyncgen.check.celery.task import Task
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["ResultReaders"]

_READERS = {"AsyncResult", "GroupResult", "ResultSet", "result_from_tuple"}
_SHOWS = re.compile(r"celery_progress|allow_join_result")
#: The backend's own look-ups.
_LOOK_UPS = {"get_task_meta", "get_state", "get_status", "get_result", "wait_for", "get_group_meta"}
_PLACES = re.compile("|".join([*_READERS, *(rf"backend\.{name}" for name in _LOOK_UPS)]))
_DEPTH = 6
_NO_READS = {"isinstance", "issubclass", "cast"}


class ResultReaders:
    """`traced` are the tasks that a reader names, or gives an id of; `untraced`: others are read by ids of which no one
    can tell whose they are.
    """

    def __init__(self, project: CeleryProject, dispatches: Dispatches, callers: Callers, values: ValueUses) -> None:
        self.project = project
        self.dispatches = dispatches
        self.callers = callers
        self.values = values
        self.traced: set[Task] = set()
        self.untraced = False
        for module in project.modules:
            if any(word in module.text for word in ("celery_progress", "allow_join_result")):
                self.untraced = self.untraced or module.mentions(_SHOWS)
            if any(word in module.text for word in (*_READERS, "backend.get_", "backend.wait_")):
                self._module(module)

    def _module(self, module: Module) -> None:
        places = {module.statement_at(match.start()) for match in _PLACES.finditer(module.text)}
        for node in (node for place in places for node in ast.walk(place)):
            if isinstance(node, ast.Name | ast.Attribute) and last_name(node) in _READERS:
                self._mention(module, node)
            elif isinstance(node, ast.Attribute) and node.attr in _LOOK_UPS and last_name(node.value) == "backend":
                self.untraced = True

    def _mention(self, module: Module, node: ast.Name | ast.Attribute) -> None:
        if self.project.names.name(module, node).startswith("multiprocessing") or _is_annotation(module, node):
            return
        match module.parents[node]:
            case ast.Call(func=func) as call if func is node:
                if self.values.of(module, call) is Use.READ:
                    tasks = self._of_reader(module, node, call)
                    self.traced |= tasks or set()
                    self.untraced = self.untraced or tasks is None
            case ast.Call(func=func) if last_name(func) in _NO_READS:
                pass
            case _:  # a base class, another name, `GroupResult.restore`
                self.untraced = True

    def _of_reader(self, module: Module, node: ast.Name | ast.Attribute, call: ast.Call) -> set[Task] | None:
        """Whose result `AsyncResult(key)` or `task.AsyncResult(key)` is; None where that cannot be known."""
        key = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg in {"id", "task_id"}), None)
        if isinstance(node, ast.Attribute):
            named = task_of(self.project, module, node.value)
            if named is not None and named is not self.project.tasks.around(module, node):
                return {named}
        return self._of_key(module, key) if key is not None else None

    def _of_key(self, module: Module, key: ast.expr, depth: int = 0, called: bool = False) -> set[Task] | None:
        """Whose id an expression is; `called`: it is an argument of the function that reads."""
        if depth > _DEPTH:
            return None
        match key:
            case ast.Attribute(attr="id", value=ast.Attribute(attr="request")):
                own = self.project.tasks.around(module, key)
                return {own} if own is not None else None
            case ast.Attribute(attr="id" | "task_id", value=value):
                return self._sent(module, value, depth + 1)
            case ast.Call(func=ast.Name(id="str"), args=[value]):
                return self._of_key(module, value, depth + 1, called)
            case ast.Name():
                found = self.project.names.bindings(module, key.id, key)
                if len(found) != 1:
                    return None
                if found[0].kind == "value" and isinstance(found[0].target, ast.expr):
                    return self._of_key(module, found[0].target, depth + 1, called)
                function = module.function_of(key)
                if found[0].kind == "param" and function is not None and not called:
                    return self._of_parameter(module, function, key.id)
        return None

    def _sent(self, module: Module, expr: ast.expr, depth: int) -> set[Task] | None:
        """The task that was sent where an expression is its result."""
        if isinstance(expr, ast.Name) and depth <= _DEPTH:
            found = self.project.names.bindings(module, expr.id, expr)
            if len(found) == 1 and found[0].kind == "value" and isinstance(found[0].target, ast.Call):
                return self._sent(module, found[0].target, depth + 1)
        tasks = {sent.task for sent in self.dispatches.of(module) if sent.call is expr and sent.task is not None}
        return tasks or None

    def _of_parameter(self, module: Module, function: Function, name: str) -> set[Task] | None:
        """The id that a function is given by its callers, or an errback by the task that failed."""
        names = [a.arg for a in [*function.args.posonlyargs, *function.args.args]]
        task = self.project.tasks.by_node.get(function)
        if task is not None:
            names = names[task.bound :]
            linked = self._linked_to(task) if names[:1] == [name] else set()
            return linked or None
        found: set[Task] = set()
        calls = self.callers.of(module, function)
        for home, call in calls:
            given = dict(zip(names[names[:1] in (["self"], ["cls"]) :], call.args, strict=False))
            given.update({k.arg: k.value for k in call.keywords if k.arg is not None})
            tasks = self._of_key(home, given[name], called=True) if name in given else None
            if tasks is None:
                return None
            found |= tasks
        return found or None

    def _linked_to(self, errback: Task) -> set[Task]:
        """The tasks whose errors a task is called for: Celery gives it the id of the one that failed."""
        found: set[Task] = set()
        for module in self.project.modules:
            for sent in self.dispatches.of(module):
                if sent.task is errback:
                    found |= {other.task for other in self._before(module, sent) if other.task is not None}
        return found - {errback}

    def _before(self, module: Module, errback: Dispatch) -> Iterator[Dispatch]:
        """What is sent with `link_error=errback`, or has `.on_error(errback)` after it."""
        for ancestor in module.ancestors(errback.call):
            if isinstance(ancestor, ast.stmt):
                return
            if isinstance(ancestor, ast.Call) and (
                "link_error" in [k.arg for k in ancestor.keywords]
                or last_name(ancestor.func) in {"on_error", "link_error"}
            ):
                inside = set(ast.walk(ancestor.func)) | {ancestor}
                yield from (sent for sent in self.dispatches.of(module) if sent.call in inside)


def _is_annotation(module: Module, node: ast.AST) -> bool:
    child = node
    for ancestor in module.ancestors(node):
        match ancestor:
            case ast.arg():
                return True
            case ast.AnnAssign(annotation=annotation):
                return child is annotation
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns):
                return child is returns
            case ast.stmt() | ast.Call():
                return False
        child = ancestor
    return False
