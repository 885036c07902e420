"""Whether anything retries a task: an option, its own code, its classes, what it calls."""

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from asyncgen.check.celery.dispatch import Dispatches
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.task import Task
from asyncgen.check.celery.wrapper import callee_of
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["Retrying"]

_DEPTH = 2
_RETRY = re.compile(r"retr(y|ie[sd])", re.IGNORECASE)


class Retrying:
    def __init__(self, project: CeleryProject, dispatches: Dispatches) -> None:
        self.project = project
        self.dispatches = dispatches
        self._possible: dict[Task, bool] = {}
        self._functions: dict[ast.AST, bool] = {}

    def is_possible(self, task: Task) -> bool:
        """False only where all the code that could retry it can be seen."""
        if task not in self._possible:
            self._possible[task] = (
                task.opaque
                or not task.base_known
                or task.find("autoretry_for") is not None
                or any(self._speaks(module, node, 0) for module, node in self._code(task))
                or any(self._means_one_that_speaks(task.module, callee_of(d), 0) for d in _decorators(task))
                or task in self._retried_by_hand
            )
        return self._possible[task]

    def _code(self, task: Task) -> Iterator[tuple[Module, ast.AST]]:
        """Its body, its decorators, and the methods of its classes."""
        if isinstance(task.node, Function):
            yield from ((task.module, statement) for statement in task.node.body)
            yield from ((task.module, decorator) for decorator in _decorators(task))
        for module, owner in task.names.hierarchy(task.base or Symbol("")):
            yield from ((module, node) for node in owner.body if isinstance(node, Function))

    def _speaks(self, module: Module, code: ast.AST, depth: int) -> bool:
        """Whether code has a word of retrying in it, or calls something that retries: a word of it there may be
        about requests of HTTP.
        """
        for node in ast.walk(code):
            if any(map(_RETRY.search, _words(node))) if depth == 0 else _retries(node):
                return True
            if isinstance(node, ast.Call) and (
                self._hands_itself_on(module, node) or self._means_one_that_speaks(module, node.func, depth)
            ):
                return True
        return False

    def _means_one_that_speaks(self, module: Module, name: ast.expr, depth: int) -> bool:
        symbol = self.project.names.resolve(module, name)
        function = symbol.node if symbol is not None else None
        if symbol is None or symbol.module is None or not isinstance(function, Function) or depth > _DEPTH:
            return False
        if function in self.project.tasks.by_node:
            return False  # which runs by itself
        if function not in self._functions:
            self._functions[function] = False
            self._functions[function] = any(self._speaks(symbol.module, s, depth + 1) for s in function.body)
        return self._functions[function]

    def _hands_itself_on(self, module: Module, call: ast.Call) -> bool:
        """Whether the task gives itself to a function that cannot be looked into."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not any(isinstance(argument, ast.Name) and argument.id == "self" for argument in given):
            return False
        symbol = self.project.names.resolve(module, call.func)
        return symbol is None or not isinstance(symbol.node, Function)

    @cached_property
    def _retried_by_hand(self) -> set[Task | None]:
        return {
            sent.task
            for module in self.project.modules
            if ".retry(" in module.text
            for sent in self.dispatches.of(module)
            if sent.method == "retry"
        }


def _retries(node: ast.AST) -> bool:
    """`task.retry(...)`, `raise Retry()`, options of a task; not the `@retry` of another library."""
    match node:
        case ast.Attribute(attr="retry" | "autoretry_for") | ast.Name(id="Retry") | ast.keyword(arg="autoretry_for"):
            return True
    return False


def _decorators(task: Task) -> list[ast.expr]:
    """Those beside the one that makes the task."""
    return [d for d in task.node.decorator_list if d is not task.decorator]


def _words(node: ast.AST) -> list[str]:
    found = [getattr(node, field, None) for field in ("attr", "id", "arg", "name")]
    return [word for word in found if isinstance(word, str)]
