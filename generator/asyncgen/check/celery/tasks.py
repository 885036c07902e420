"""The tasks of a project, found once."""

import ast
from collections.abc import Iterator
from typing import Any

from asyncgen.check.celery.configuration.configuration import Configuration
from asyncgen.check.celery.task import Task
from asyncgen.check.celery.task_makers import TaskMakers
from asyncgen.check.celery.wrapper import Wrapper, add_options, callee_of
from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.symbols import Symbol, symbol_of
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
        self.by_call: dict[ast.Call, Task] = {}
        self.makers = TaskMakers(project)
        for module in list(project.modules):
            self._add(module)

    def _add(self, module: Module) -> None:
        for task in self._in_module(module):
            if task.node not in self.by_node:
                self.by_node[task.node] = task
                self.by_module.setdefault(task.module, []).append(task)

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
        wrapper = self.makers.decorators.wrapper_of(module, callee_of(decorator))
        if wrapper is None and call is not None and call.args:
            wrapper, call = self.makers.decorators.partial(module, call), None
        if wrapper is None or _calls_what_it_was_given(module, function):
            return None
        return self._made(module, function, decorator, wrapper, call)

    def _made(
        self, module: Module, function: Function, place: ast.expr | None, wrapper: Wrapper, call: ast.Call | None
    ) -> Task:
        task = Task(self.project.names, self.configuration, module, function, place, dict(wrapper.options))
        task.opaque, task.foreign = wrapper.opaque, wrapper.foreign
        if call is not None:
            add_options(self.project.names, task, module, call, wrapper)
        return task

    def _called(self, module: Module, call: ast.Call) -> Task | None:
        """`app.task(function)` and `shared_task(**options)(function)`."""
        if len(call.args) != 1:
            return None
        options = call.func if isinstance(call.func, ast.Call) else call
        if last_name(options.func) not in self.makers.names:
            return None
        wrapper = self.makers.decorators.wrapper_of(module, options.func)
        symbol = self._function(module, call.args[0]) if wrapper is not None else None
        if wrapper is None or symbol is None or symbol.module is None or not isinstance(symbol.node, Function):
            return None
        if symbol.module.function_of(symbol.node) is not None:
            return None  # what a decorator makes of the function that it is given
        own = symbol.module is module
        if not own and symbol.module not in self.project.modules:
            self.project.modules.append(symbol.module)
        task = self._made(symbol.module, symbol.node, options if own else None, wrapper, None)
        add_options(self.project.names, task, module, options, wrapper)
        return self.by_call.setdefault(call, self.by_node.get(symbol.node, task))

    def _function(self, module: Module, expr: ast.expr) -> Symbol | None:
        """The function that an expression means, within calls that make another of it."""
        while isinstance(expr, ast.Call) and len(expr.args) == 1:
            expr = expr.args[0]
        return self.project.names.resolve(module, expr) if isinstance(expr, ast.Name | ast.Attribute) else None

    def _class(self, module: Module, node: ast.ClassDef) -> Task | None:
        """A class-based task: derives from Celery's Task and has a `run`, its own or from another class here."""
        if not node.bases:
            return None
        symbol = symbol_of(module, node)
        if "celery.Task" not in self.project.names.bases(symbol):
            return None
        run = self.project.names.class_attribute(symbol, "run")
        if run is None or not isinstance(run.node, Function):
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


def _calls_what_it_was_given(module: Module, function: Function) -> bool:
    """Whether it stands in a decorator, for the function that this is put on: a task for each of those, none itself."""
    given = {
        argument.arg
        for outer in module.ancestors(function)
        if isinstance(outer, Function)
        for argument in outer.args.args
    }
    return bool(given) and any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in given
        for node in ast.walk(function)
    )
