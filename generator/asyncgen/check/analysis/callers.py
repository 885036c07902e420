"""Where a function of the project is called: what it does, it does in its caller's request or transaction."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from asyncgen.check.analysis.row_classes import row_class
from asyncgen.check.analysis.usage import Usage
from asyncgen.check.celery.dispatch import SENDING
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.task import Task
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.binder import Bindings
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["Callers"]

_TRANSPARENT = {"staticmethod", "classmethod"}
#: Methods of views that a framework's own methods of those names call, once in a class's own method of that name.
_CALLED_BY_FRAMEWORK = {
    "perform_create": ("create",), "perform_update": ("update", "partial_update"), "perform_destroy": ("destroy",),
    "form_valid": ("post", "dispatch"),
}  # fmt: skip
#: How many calls may lie between a publish and the place that is looked for.
_LEVELS = 3


class Callers:
    def __init__(self, project: CeleryProject, usage: Usage) -> None:
        self.project = project
        self.usage = usage
        self._found: dict[Function, list[tuple[Module, ast.Call]]] = {}
        self._modules: set[Module] = set()
        self._alone: dict[Function, bool] = {}

    def of(self, module: Module, function: Function | None) -> list[tuple[Module, ast.Call]]:
        """The calls that run a function there and then. Decorators may put it off; a generator runs when it is used."""
        if function is None:
            return []
        if function not in self._found:
            self._found[function] = list(self._of(function))
        return self._found[function]

    def _of(self, function: Function) -> Iterator[tuple[Module, ast.Call]]:
        for name in _CALLED_BY_FRAMEWORK.get(function.name, ()):
            yield from (place for place in self._calls[name] if _is_of_super(*place, function))
        if any(last_name(d) not in _TRANSPARENT for d in function.decorator_list):
            return
        calls = self._calls[function.name] if function not in self.project.tasks.by_node else []
        if not calls or any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function)):
            return
        awaited = isinstance(function, ast.AsyncFunctionDef)
        for home, call in calls:
            if self._means(home, call, function) and (not awaited or isinstance(home.parents[call], ast.Await)):
                yield home, call

    def in_tasks(self, module: Module, function: Function) -> list[tuple[Task, ast.Call]]:
        """The tasks that call a function themselves, and where."""
        found = self._called_in_tasks.get(function.name, [])
        if not found or function in self.project.tasks.by_node:
            return []
        return [(task, call) for task, call in found if self._is_named(task.module, call, function)]

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

    def _is_named(self, module: Module, call: ast.Call, function: Function) -> bool:
        symbol = self.project.names.resolve(module, call.func)
        return symbol is not None and symbol.node is function

    def _means(self, module: Module, call: ast.Call, function: Function) -> bool:
        """Whether a call is of that function: of a method of what none can see, if no other function has its name."""
        symbol = self.project.names.resolve(module, call.func)
        if symbol is not None and (symbol.node is not None or "()" not in symbol.name):
            return symbol.node is function or self._overrides(function, symbol.node)
        match call.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
                return False
            case ast.Attribute(value=owner):
                if function not in self._alone:
                    self._alone[function] = "_" in function.name and self._is_alone(function)
                return self._alone[function] or self._is_row_of(module, owner, function)
        return False

    def _overrides(self, function: Function, known: ast.AST | None) -> bool:
        """Whether a method is that of a subclass, where the method of its base is called."""
        if not isinstance(known, Function) or known.name != function.name:
            return False
        home = next((module for module, other in self._named.get(function.name, ()) if other is function), None)
        owner = home.class_of(function) if home is not None else None
        line = self.project.names.hierarchy(Symbol(owner.name, home, owner)) if owner is not None else []
        return any(known in node.body for _, node in line)

    def _is_row_of(self, module: Module, owner: ast.expr, function: Function) -> bool:
        """Whether a method is called on a row of the model that it belongs to."""
        model = row_class(self.project, module, owner)
        own = self.project.names.class_attribute(model, function.name) if model is not None else None
        return own is not None and own.node is function

    def _is_alone(self, function: Function) -> bool:
        """Whether no other function has its name, but for those that stand for one method: of backends, of plugins."""
        named = self._named.get(function.name, [])
        if len(named) < 2:
            return bool(named)
        owners = [(module, module.class_of(other)) for module, other in named]
        lines = [
            {node for _, node in self.project.names.hierarchy(Symbol(owner.name, module, owner))}
            for module, owner in owners
            if owner is not None
        ]
        shared = set.intersection(*lines) if len(lines) == len(named) else set()
        return any(isinstance(n, Function) and n.name == function.name for base in shared for n in base.body)

    @cached_property
    def _named(self) -> dict[str, list[tuple[Module, Function]]]:
        """The functions by their name."""
        found: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        for module in self._modules:
            for function in module.functions:
                found[function.name].append((module, function))
        return found

    @cached_property
    def _calls(self) -> dict[str, list[tuple[Module, ast.Call]]]:
        """By the last name of what is called. In modules that have to do with Celery, and in those that look free of it
        but call a function that publishes, or one that calls such a function, and speak of transactions, unless each
        request is one.
        """
        found: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        everywhere = self.usage.atomic_requests
        new = list(self.project.modules)
        called = set(SENDING)
        for _ in range(_LEVELS):
            self._modules.update(new)
            for module in new:
                for call in module.calls:
                    found[last_name(call.func)].append((module, call))
            places = [place for callee in called for place in found.get(callee, ())]
            called = {name for place in places for name in _caller(*place)} - called
            words = {f"{name}(".encode() for name in called}
            aside = self.project.modules_aside(words, everywhere) if words else []
            new = [m for m in dict.fromkeys([*aside, *self._bases_of(places)]) if m not in self._modules]
        return found

    def _bases_of(self, places: list[tuple[Module, ast.Call]]) -> Iterator[Module]:
        """The modules of the classes whose methods are overridden by those that make calls: these call them."""
        for module, call in places:
            function = module.function_of(call)
            owner = module.class_of(function) if function is not None else None
            if owner is not None:
                yield from (home for home, _ in self.project.names.hierarchy(Symbol(owner.name, module, owner))[1:])


def _is_of_super(module: Module, call: ast.Call, method: Function) -> bool:
    """`super().create(...)`, in the class of a method that the framework's `create` calls."""
    match call.func:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super"))):
            function = module.function_of(call)
            return function is not None and method in getattr(module.class_of(function), "body", ())
    return False


def _is_of_module(func: ast.expr, own: Bindings) -> bool:
    """Whether a function is called, or a method of what is no local variable."""
    match func:
        case ast.Name():
            return True
        case ast.Attribute(value=ast.Name(id=owner)):
            return owner in {"self", "cls"} or all(b.kind == "import" for b in own.get(owner, ()))
    return False


def _caller(module: Module, call: ast.Call) -> Iterator[str]:
    """The name of the function that makes a call; of a method only if others are not likely to have it."""
    function = module.function_of(call)
    if function is None or function.decorator_list or function.name.startswith("__"):
        return
    if "_" in function.name or module.parents.get(function) is module.tree:
        yield function.name
