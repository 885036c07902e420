"""Whether ids of a task go to where somebody could ask for results by them, other than by what a call gives."""

import ast
import re
from collections import defaultdict
from functools import cached_property

from asyncgen.check.analysis.value_use import Use, ValueUses
from asyncgen.check.celery.dispatch import ON_COMMIT, SENDING
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.targets import SIGNING, is_signature, task_of
from asyncgen.check.celery.task import Task
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["KeptIds"]

#: A look at the workers gives the ids of all that they run.
_INSPECTS = re.compile(r"\binspect\(")
_OWN_ID = re.compile(r"task_id|headers|\.(root_)?id\b")
_HAS_ID = re.compile(r"request|result|^res$|^task$")
_SENT = "|".join(sorted(SENDING | ON_COMMIT | SIGNING))
_HARMLESS = {"name", "run", "apply", "retry", "AsyncResult", "__name__", "__doc__", "max_retries", "request", "expires"}


class KeptIds:
    def __init__(self, project: CeleryProject, values: ValueUses) -> None:
        self.project = project
        self.values = values

    def may_be_kept(self, task: Task) -> bool:
        return self.sends_by_variable or self._gives_all or self._knows_its_id(task) or self.is_mentioned(task)

    def _knows_its_id(self, task: Task) -> bool:
        """Whether the task, or a class that it is made of, does something with the id of a run."""
        if task.run is not None and self._keeps_id(task.module, task.run):
            return True
        return task.base is not None and any(
            isinstance(method, Function) and self._keeps_id(home, method)
            for home, owner in task.names.hierarchy(task.base)
            for method in owner.body
        )

    def _keeps_id(self, module: Module, function: Function) -> bool:
        return _OWN_ID.search(module.text_of(function)) is not None and any(
            _is_own_id(node) and not _is_for_super(module, node) and self.values.of_id(module, node) is not Use.NONE
            for node in ast.walk(function)
            if isinstance(node, ast.expr)
        )

    @cached_property
    def _gives_all(self) -> bool:
        """Whether something has the ids of all tasks."""
        return any(
            ("inspect(" in module.text and module.mentions(_INSPECTS)) or self._has_keeping_handler(module)
            for module in self.project.modules
        )

    def _has_keeping_handler(self, module: Module) -> bool:
        """Whether it keeps ids that a handler of Celery's signals is given, or that of whatever task runs."""
        if "celery.signals" not in module.text and "current_task" not in module.text:
            return False
        return any(self._keeps_id(module, function) for function in module.functions)

    @cached_property
    def sends_by_variable(self) -> bool:
        """Whether tasks are looked up and sent, none can tell which, and code goes on with their results."""
        return any(_is_looked_up(call, receiver) for call, receiver in self._goes_on_with_unknown)

    @cached_property
    def sends_what_it_is_given(self) -> bool:
        """Whether a function sends a task that it is given, and goes on with the result."""
        return any(not _is_looked_up(call, receiver) for call, receiver in self._goes_on_with_unknown)

    @cached_property
    def _goes_on_with_unknown(self) -> list[tuple[ast.Call, ast.expr]]:
        return [
            (call, call.func.value)
            for module in self.project.modules
            if any(f".{method}(" in module.text for method in SENDING)
            for call in module.calls
            if isinstance(call.func, ast.Attribute)
            and call.func.attr in SENDING
            and task_of(self.project, module, call.func.value) is None
            and not is_signature(self.project, module, call.func.value)
            and self.values.of(module, call) is not Use.NONE
        ]

    @cached_property
    def _named_aside(self) -> set[str]:
        """The tasks that stand in modules which have nothing else to do with Celery: none of them calls `.delay()`."""
        names: dict[str, set[str]] = defaultdict(set)
        for task in self.project.tasks:
            names[task.module.name.rpartition(".")[2]].add(task.name)
        return self.project.named_aside(names)

    def is_mentioned(self, task: Task) -> bool:
        """Whether the task is more than called and sent: given to a function, put into a table."""
        if task.name in self._named_aside:
            return True
        if any(f" {task.name} as " in module.text for module in self.project.modules):
            return True
        word = re.compile(rf"{re.escape(task.name)}\b(?!\s*(\(|=[^=]|\.({_SENT})\())")
        return any(
            isinstance(node, ast.Name | ast.Attribute)
            and last_name(node) == task.name
            and not _is_called_or_sent(module, node)
            and task_of(self.project, module, node) is task
            for module in self.project.modules
            if task.name in module.text
            for match in word.finditer(module.text)
            if _is_use(module, task.name, match.start())
            for node in ast.walk(module.statement_at(match.start()))
        )


def _is_use(module: Module, name: str, position: int) -> bool:
    """Whether a place in the text is no part of an import of that name, and of no text in quotes."""
    line = module.text.count("\n", 0, position) + 1
    before = module.text[module.text.rfind("\n", 0, position) + 1 : position]
    if before[-1:].isidentifier() or before.count('"') % 2 or before.count("'") % 2 or "#" in before:
        return False
    return not any(
        binding.node.lineno <= line <= (binding.node.end_lineno or 0)  # type: ignore[attr-defined] # a statement
        for scope in module.index.bindings.values()
        for binding in scope.get(name, ())
        if binding.kind == "import"
    )


def _is_looked_up(call: ast.Call, receiver: ast.expr) -> bool:
    """`app.tasks[name].delay()`, `getattr(tasks, name).delay()`, `app.send_task(name)`."""
    match receiver:
        case ast.Subscript(value=table):
            return last_name(table) == "tasks"
        case ast.Call(func=ast.Name(id="getattr" | "import_string")):
            return True
    return last_name(call.func) == "send_task" and not isinstance(next(iter(call.args), None), ast.Constant)


def _is_called_or_sent(module: Module, node: ast.expr) -> bool:
    match module.parents[node]:
        case ast.Call(func=func):
            return func is node
        case ast.Attribute(attr=attr) as method:
            call = module.parents[method]
            if attr in SENDING | ON_COMMIT | SIGNING:
                return isinstance(call, ast.Call) and (call.func is method or _is_put_off(module, call))
            return attr in _HARMLESS
    return False


def _is_put_off(module: Module, call: ast.Call) -> bool:
    """`on_commit(task.delay)`, `on_commit(partial(task.delay, key))`."""
    if last_name(call.func) == "partial":
        outer = module.parents[call]
        return isinstance(outer, ast.Call) and _is_put_off(module, outer)
    return last_name(call.func) == "on_commit"


def _is_own_id(node: ast.expr) -> bool:
    """What a task or a handler of signals knows its id by; the result that a publishing method of its own gets."""
    match node:
        case ast.Name(id="task_id" | "headers", ctx=ast.Load()) | ast.Constant(value="task_id"):
            return True
        case ast.Attribute(attr="id" | "root_id" | "task_id", value=owner):
            return _HAS_ID.search(last_name(owner)) is not None
    return False


def _is_for_super(module: Module, node: ast.expr) -> bool:
    """Whether it is only handed to the method that this one overrides."""
    call = module.parents[node]
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and "super(" in ast.unparse(call.func)
