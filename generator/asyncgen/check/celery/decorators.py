"""What makes a function a task: Celery's decorators, and a project's own around them."""

import ast
import re
from typing import NamedTuple

from asyncgen.check.celery.task import Option, Task
from asyncgen.check.model.project import PythonProject
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["Decorators", "Wrapper"]

_CELERYS = {"celery.shared_task", "celery.Celery().task"}
_OUTSIDE = re.compile(r"(^|[._])celery\w*(\.\w+)*(\(\))?\.task$", re.IGNORECASE)
_MAKES_TASKS = re.compile(r"\btask\b|shared_task")


class Wrapper(NamedTuple):
    """A project's own decorator around Celery's: the options it adds, and whether it adds unseen ones.

    `foreign`: the application is another distribution's, and so is the class of task that it makes.
    """

    options: dict[str, Option]
    opaque: bool
    foreign: bool = False


class Decorators:
    def __init__(self, project: PythonProject) -> None:
        self.project = project
        self._wrappers: dict[ast.AST, Wrapper | None] = {}

    def wrapper_of(self, module: Module, target: ast.expr) -> Wrapper | None:
        symbol = self.project.names.shallow.resolve(module, target)
        if symbol is None:
            return None
        if symbol.name in _CELERYS:
            return Wrapper({}, opaque=False)
        if symbol.node is None and _OUTSIDE.search(symbol.name):
            return Wrapper({}, opaque=False, foreign=True)
        if symbol.node is None or symbol.module is None:
            return None
        if symbol.node not in self._wrappers:
            self._wrappers[symbol.node] = None
            self._wrappers[symbol.node] = self.custom_wrapper(symbol.module, symbol.node)
        return self._wrappers[symbol.node]

    def custom_wrapper(self, module: Module, node: ast.AST) -> Wrapper | None:
        if isinstance(node, ast.Call):
            if self.project.names.name(module, node.func).endswith("functools.partial") and node.args:
                inner = self.wrapper_of(module, node.args[0])
                if inner is not None:
                    return self._merged(module, inner, node)
            return None
        if not isinstance(node, Function) or not _MAKES_TASKS.search(module.text):
            return None
        if any(self.wrapper_of(module, _callee(d)) for d in node.decorator_list):
            return None  # a task itself, not a decorator
        for inner_node in ast.walk(node):
            if isinstance(inner_node, ast.Call):
                inner = self.wrapper_of(module, inner_node.func)
                if inner is not None:
                    merged = self._merged(module, inner, inner_node)
                    touched = _changes_keywords(node)
                    return merged._replace(opaque=merged.opaque or touched)
            if isinstance(inner_node, Function) and inner_node is not node:
                for decorator in inner_node.decorator_list:
                    if not isinstance(decorator, ast.Call):
                        inner = self.wrapper_of(module, decorator)
                        if inner is not None:
                            return inner
        return None

    def _merged(self, module: Module, inner: Wrapper, call: ast.Call) -> Wrapper:
        options = dict(inner.options)
        passed_on = {a.arg for f in module.ancestors(call) if isinstance(f, Function) for a in [f.args.kwarg] if a}
        opaque = inner.opaque
        for keyword in call.keywords:
            if keyword.arg is not None:
                options[keyword.arg] = Option(keyword.value, module, keyword)
            elif not (isinstance(keyword.value, ast.Name) and keyword.value.id in passed_on):
                opaque = True
        return inner._replace(options=options, opaque=opaque)

    def add_options(self, task: Task, module: Module, call: ast.Call) -> None:
        for keyword in call.keywords:
            if keyword.arg is not None:
                task.options[keyword.arg] = Option(keyword.value, module, keyword)
                task.own.add(keyword.arg)
            else:
                self._add_unpacked(task, module, keyword.value)

    def _add_unpacked(self, task: Task, module: Module, value: ast.expr) -> None:
        symbol = self.project.names.resolve(module, value)
        target = symbol.node if symbol is not None else value
        home = symbol.module if symbol is not None and symbol.module else module
        if isinstance(target, ast.Dict):
            for key, item in zip(target.keys, target.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    task.options.setdefault(key.value, Option(item, home, key))
                elif key is None:
                    self._add_unpacked(task, home, item)
                else:
                    task.opaque = True
        elif (
            isinstance(target, ast.Call)
            and not target.args
            and self.project.names.name(home, target.func) == "builtins.dict"
        ):
            for inner in target.keywords:
                if inner.arg is not None:
                    task.options.setdefault(inner.arg, Option(inner.value, home, inner))
                else:
                    self._add_unpacked(task, home, inner.value)
        else:
            task.opaque = True


def _callee(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _changes_keywords(function: Function) -> bool:
    """Whether a wrapper edits its `**kwargs` (`setdefault`, item assignment), so that options are unseen."""
    kwarg = function.args.kwarg.arg if function.args.kwarg else None
    if kwarg is None:
        return False
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="setdefault" | "update")):
                if name == kwarg:
                    return True
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()) if name == kwarg:
                return True
    return False
