"""Where a function of the project is called: what it does, it does in its caller's request or transaction."""

import ast
import re
from collections import defaultdict
from functools import cached_property

from asyncgen.check.celery.dispatch import SENDING
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.task import Task
from asyncgen.check.source.binder import Bindings
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["Callers"]

_TRANSPARENT = {"staticmethod", "classmethod"}


class Callers:
    def __init__(self, project: CeleryProject) -> None:
        self.project = project

    def of(self, module: Module, function: Function | None) -> list[tuple[Module, ast.Call]]:
        """The calls that run a function there and then. Decorators may put it off; a generator runs when it is used."""
        if function is None or any(last_name(d) not in _TRANSPARENT for d in function.decorator_list):
            return []
        if isinstance(function, ast.AsyncFunctionDef) or function in self.project.tasks.by_node:
            return []
        if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function)):
            return []
        return [(home, call) for home, call in self._calls[function.name] if self._means(home, call, function)]

    def in_tasks(self, module: Module, function: Function) -> list[tuple[Task, ast.Call]]:
        """The tasks that call a function themselves, and where."""
        found = self._called_in_tasks.get(function.name, [])
        if not found or function in self.project.tasks.by_node:
            return []
        return [(task, call) for task, call in found if self._means(task.module, call, function)]

    @cached_property
    def _called_in_tasks(self) -> dict[str, list[tuple[Task, ast.Call]]]:
        """By the last name of what is called, methods of other objects aside."""
        found: dict[str, list[tuple[Task, ast.Call]]] = defaultdict(list)
        for task in self.project.tasks:  # its decorators stand above it: they are called when the module is imported
            own = task.module.names(task.run) if task.run is not None else {}
            for call in task.module.calls_in(task.run or task.node):
                if _is_of_module(call.func, own):
                    found[last_name(call.func)].append((task, call))
        return found

    def mentions(self, function: Function) -> int:
        """How often modules that have to do with Celery name it, their imports and its definition aside."""
        word = re.compile(rf"\b{re.escape(function.name)}\b")
        found = -1
        for module in self.project.modules:
            imported = [b for b in module.names(module.tree).get(function.name, ()) if b.kind == "import"]
            found += len(word.findall(module.text)) - len(imported)
        return found

    def _means(self, module: Module, call: ast.Call, function: Function) -> bool:
        symbol = self.project.names.resolve(module, call.func)
        return symbol is not None and symbol.node is function

    @cached_property
    def _calls(self) -> dict[str, list[tuple[Module, ast.Call]]]:
        """By the last name of what is called, in modules that look free of Celery but open transactions too."""
        found: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        names = {f"{name}(".encode() for module in self.project.modules for name in _publishing(module)}
        own = self.project.modules
        aside = [module for module in self.project.modules_aside(names) if module not in own]
        for module in [*own, *aside]:
            for call in module.calls:
                name = last_name(call.func)
                if name:
                    found[name].append((module, call))
        return found


def _is_of_module(func: ast.expr, own: Bindings) -> bool:
    """Whether a function is called, or a method of what is no local variable."""
    match func:
        case ast.Name():
            return True
        case ast.Attribute(value=ast.Name(id=owner)):
            return owner in {"self", "cls"} or all(b.kind == "import" for b in own.get(owner, ()))
    return False


def _publishing(module: Module) -> set[str]:
    """The functions at a module's top level that send a task."""
    found = set()
    for call in module.calls:
        sends = isinstance(call.func, ast.Attribute) and call.func.attr in SENDING
        function = module.function_of(call) if sends else None
        if function is not None and not function.decorator_list and module.parents.get(function) is module.tree:
            found.add(function.name)
    return found
