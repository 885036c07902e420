"""The tasks of a project, found once."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from asyncgen.check.celery.configuration.configuration import Configuration
from asyncgen.check.celery.decorators import Decorators
from asyncgen.check.celery.task import Task
from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.model.values import literal
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["Tasks"]


class Tasks:
    """All tasks, found once. Iterating gives them in the order of their files."""

    def __init__(self, project: PythonProject, configuration: Configuration) -> None:
        self.project = project
        self.configuration = configuration
        self.by_node: dict[ast.AST, Task] = {}
        self.by_module: dict[Module, list[Task]] = {}
        self.decorators = Decorators(project)
        for module in project.modules:
            self._add(module)
        decorators = self._own_decorators()
        if decorators:
            names = "|".join(sorted(map(re.escape, decorators)))
            for module in project.add_modules_with(re.compile(rf"@[\w.]*\b({names})\b".encode())):
                self._add(module)

    def _add(self, module: Module) -> None:
        for task in self._in_module(module):
            if task.node not in self.by_node:
                self.by_node[task.node] = task
                self.by_module.setdefault(module, []).append(task)

    def _own_decorators(self) -> set[str]:
        """The names of the project's functions that make tasks; files that use them need not name Celery."""
        return {
            outer.name
            for module in self.project.modules
            for call in module.calls
            if last_name(call.func) in {"task", "shared_task"}
            for outer in module.ancestors(call)
            if isinstance(outer, Function) and self.decorators.custom_wrapper(module, outer) is not None
        }

    def __iter__(self) -> Iterator[Task]:
        return iter(self.by_node.values())

    def of(self, module: Module) -> list[Task]:
        return self.by_module.get(module, [])

    def around(self, module: Module, node: ast.AST) -> Task | None:
        """The task in whose body a node runs."""
        for ancestor in module.ancestors(node):
            if ancestor in self.by_node and not isinstance(ancestor, ast.ClassDef):
                return self.by_node[ancestor]
            if isinstance(ancestor, Function):
                owner = module.class_of(ancestor)
                if owner in self.by_node and ancestor.name in {"run", "__call__"}:
                    return self.by_node[owner]
        return None

    # ---- finding them ----

    def _in_module(self, module: Module) -> Iterator[Task]:
        for function in module.functions:
            for decorator in function.decorator_list:
                task = self._decorated(module, function, decorator)
                if task is not None:
                    yield task
                    break
        for node in module.classes:
            task = self._class(module, node)
            if task is not None:
                yield task
        for call in module.calls:
            task = self._called(module, call)
            if task is not None:
                yield task

    def _decorated(self, module: Module, function: Function, decorator: ast.expr) -> Task | None:
        call = decorator if isinstance(decorator, ast.Call) else None
        target = call.func if call is not None else decorator
        wrapper = self.decorators.wrapper_of(module, target)
        if wrapper is None:
            return None
        task = Task(self.project.names, self.configuration, module, function, decorator, dict(wrapper.options))
        task.opaque, task.foreign = wrapper.opaque, wrapper.foreign
        if call is not None:
            self.decorators.add_options(task, module, call)
        return task

    def _called(self, module: Module, call: ast.Call) -> Task | None:
        """`app.task(function)` and `shared_task(**options)(function)`."""
        if len(call.args) != 1 or not isinstance(call.args[0], ast.Name):
            return None
        options = call.func if isinstance(call.func, ast.Call) else call
        if last_name(options.func) not in {"task", "shared_task"}:
            return None
        wrapper = self.decorators.wrapper_of(module, options.func)
        if wrapper is None:
            return None
        symbol = self.project.names.resolve(module, call.args[0])
        if symbol is None or symbol.module is not module or not isinstance(symbol.node, Function):
            return None
        if module.function_of(call) is not None:
            return None
        task = Task(self.project.names, self.configuration, module, symbol.node, options, dict(wrapper.options))
        task.opaque, task.foreign = wrapper.opaque, wrapper.foreign
        self.decorators.add_options(task, module, options)
        return task

    def _class(self, module: Module, node: ast.ClassDef) -> Task | None:
        """A class-based task: derives from Celery's Task and has a `run` of its own."""
        if not any(isinstance(s, Function) and s.name == "run" for s in node.body):
            return None
        symbol = Symbol(f"{module.name}.{node.name}", module, node)
        if "celery.Task" not in self.project.names.bases(symbol):
            return None
        if self._value_of(module, node, "abstract") is True or self._is_base_of_others(node):
            return None
        return Task(self.project.names, self.configuration, module, node, None)

    def _is_base_of_others(self, node: ast.ClassDef) -> bool:
        return any(
            isinstance(base, ast.Name | ast.Attribute)
            and (base.id if isinstance(base, ast.Name) else base.attr) == node.name
            for module in self.project.modules
            for other in module.classes
            for base in other.bases
        )

    def _value_of(self, module: Module, node: ast.ClassDef, name: str) -> Any:
        for binding in module.names(node).get(name, []):
            if isinstance(binding.target, ast.expr):
                return literal(self.project.names, module, binding.target)
        return None
