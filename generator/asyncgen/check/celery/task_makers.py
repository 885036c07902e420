"""The names under which a project makes tasks. Files that use its own decorators need not name Celery."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.celery.decorators import Decorators, notes_tasks
from asyncgen.check.celery.wrapper import callee_of
from asyncgen.check.model.project import PythonProject
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["TaskMakers"]

_CELERYS = {"task", "shared_task", "periodic_task"}
#: Decorators around decorators around Celery's, each in a file of its own.
_ROUNDS = 4


class TaskMakers:
    """`names` are Celery's, the project's own and their aliases. Modules that use one are taken into the project."""

    def __init__(self, project: PythonProject) -> None:
        self.project = project
        self.decorators = Decorators(project)
        self.names = set(_CELERYS)
        modules = list(project.modules)
        seen: set[str] = set()
        for _ in range(_ROUNDS):
            new = {name for module in modules for name in self._in(module)} - seen
            seen |= new
            if not new:
                return
            self.names |= new
            words = b"|".join(re.escape(name.encode()) for name in sorted(new))
            added = project.add_modules_with(
                re.compile(rb"@[\w.]*\b(%b)\b|(?:=|return) *[\w.]*\b(?:%b)\(" % (words, words))
            )
            if added:
                self.decorators.forget()
            modules = [module for module in project.modules if any(name in module.text for name in new)] + added

    def _in(self, module: Module) -> Iterator[str]:
        """The names that a module gives to what makes tasks."""
        for name, bindings in module.names(module.tree).items():
            for binding in bindings:
                if isinstance(binding.target, str):
                    if name not in self.names and binding.target.rpartition(".")[2] in self.names:
                        yield name
                elif binding.kind == "value" and self._is_maker(module, binding.target):
                    yield name
        yield from (function.name for function in module.functions if notes_tasks(module, function))
        for user in self._users(module):
            for outer in module.ancestors(user):
                if isinstance(outer, Function) and self.decorators.custom_wrapper(module, outer) is not None:
                    owner = module.class_of(outer)
                    yield owner.name if owner is not None and outer.name.startswith("__") else outer.name

    def _is_maker(self, module: Module, value: ast.expr | None) -> bool:
        """`task = app.task`, `task = partial(app.task, ...)`, `task = shared_task(...)`."""
        match value:
            case ast.Name() | ast.Attribute():
                return last_name(value) in self.names and self.decorators.wrapper_of(module, value) is not None
            case ast.Call():
                named = {last_name(value.func), *(last_name(argument) for argument in value.args[:1])}
                return bool(named & self.names) and self.decorators.custom_wrapper(module, value) is not None
        return False

    def _users(self, module: Module) -> Iterator[ast.AST]:
        """What calls a maker, is decorated with one, or hands one back, within a function."""
        names = self.names
        for call in module.calls:
            called = last_name(call.func)
            if called in names or (called == "partial" and call.args and last_name(call.args[0]) in names):
                yield call
        for function in module.functions:
            if any(last_name(callee_of(d)) in names for d in function.decorator_list):
                yield function
            last = function.body[-1]
            if isinstance(last, ast.Return) and last.value is not None and last_name(last.value) in names:
                yield last
