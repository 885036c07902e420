"""Where a function of the project is called: what it does, it does in its caller's request or transaction."""

import ast
from collections import defaultdict
from functools import cached_property

from asyncgen.check.celery.dispatch import SENDING
from asyncgen.check.celery.project import CeleryProject
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


def _publishing(module: Module) -> set[str]:
    """The functions at a module's top level that send a task."""
    found = set()
    for call in module.calls:
        sends = isinstance(call.func, ast.Attribute) and call.func.attr in SENDING
        function = module.function_of(call) if sends else None
        if function is not None and not function.decorator_list and module.parents.get(function) is module.tree:
            found.add(function.name)
    return found
