"""What makes a function a task: Celery's decorators, and a project's own around them."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.celery.wrapper import Wrapper, callee_of, own_names, with_options
from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.symbols import symbol_of
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["Decorators", "notes_tasks"]

_CELERYS = {"celery.shared_task", "celery.Celery().task"}
_OUTSIDE = re.compile(
    r"(^|[._])celery\w*(\.\w+)*(\(\))?\.(periodic_)?task$|\.(shared_task|celery_task)$", re.IGNORECASE
)
#: An application that a function is given, or an object holds.
_APPLICATION = re.compile(r"_?(\w+_)?(celery|celery_?app|app|application)$", re.IGNORECASE)
_NOTES = {"task", "shared_task", "celery_task"}
_MAKERS = {"__call__", "__new__", "__init__"}


class Decorators:
    def __init__(self, project: PythonProject) -> None:
        self.project = project
        self._wrappers: dict[ast.AST, Wrapper | None] = {}

    def forget(self) -> None:
        """Modules were added: what led nowhere before may lead to a task."""
        self.project.names.forget_shallow()
        self._wrappers = {node: wrapper for node, wrapper in self._wrappers.items() if wrapper is not None}

    def wrapper_of(self, module: Module, target: ast.expr) -> Wrapper | None:
        """What a decorator, without its call, or the callee of `callee(function)` comes to."""
        if _is_of_super(target):
            return Wrapper({}, opaque=False)
        symbol = self.project.names.shallow.resolve(module, target)
        if symbol is None:
            return Wrapper({}, opaque=False, foreign=True) if _of_given_application(module, target) else None
        if symbol.name in _CELERYS and not isinstance(symbol.node, Function):
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
        """What a function, a class, a partial or a call that gives a decorator comes to."""
        if isinstance(node, ast.Call):
            return self._bound(module, node)
        if isinstance(node, ast.ClassDef):
            return self._class(module, node)
        return self._function(module, node) if isinstance(node, Function) else None

    def partial(self, module: Module, call: ast.Call) -> Wrapper | None:
        """`partial(shared_task, ...)`."""
        if not call.args or not self.project.names.name(module, call.func).endswith("functools.partial"):
            return None
        inner = self.wrapper_of(module, call.args[0])
        return with_options(self.project.names, module, inner, call) if inner is not None else None

    def _bound(self, module: Module, call: ast.Call) -> Wrapper | None:
        """`partial(shared_task, ...)`, `shared_task(time_limit=60)`, `Decorator(app)`."""
        inner = self.wrapper_of(module, call.func)
        return (
            with_options(self.project.names, module, inner, call) if inner is not None else self.partial(module, call)
        )

    def _class(self, module: Module, node: ast.ClassDef) -> Wrapper | None:
        symbol = symbol_of(module, node)
        for home, owner in self.project.names.shallow.hierarchy(symbol):
            makers = [method for method in owner.body if isinstance(method, Function) and method.name in _MAKERS]
            for wrapper in filter(None, (self._function(home, method) for method in makers)):
                found = [own_names(method) for method in makers]
                taken, read = (frozenset().union(*names) for names in zip(*found, strict=True))
                return wrapper._replace(taken=wrapper.taken | taken, read=wrapper.read | read)
        return None

    def _function(self, module: Module, function: Function) -> Wrapper | None:
        if any(self.wrapper_of(module, callee_of(d)) for d in function.decorator_list):
            return None  # a task itself, not a decorator
        for target, call in _uses(function):
            inner = self.wrapper_of(module, target)
            if inner is not None:
                if call is not None:
                    inner = with_options(self.project.names, module, inner, call)
                    inner = inner._replace(opaque=inner.opaque or _changes_keywords(function))
                taken, read = own_names(function)
                return inner._replace(taken=inner.taken | taken, read=inner.read | read)
        return Wrapper({}, opaque=True, foreign=True) if notes_tasks(module, function) else None


def _uses(function: Function) -> Iterator[tuple[ast.expr, ast.Call | None]]:
    """What may make the task within a decorator: what is called or made partial, is a bare decorator, or returned."""
    for node in ast.walk(function):
        match node:
            case ast.Call():
                if last_name(node.func) == "partial" and node.args:
                    yield node.args[0], node
                else:
                    yield node.func, node
            case ast.FunctionDef() | ast.AsyncFunctionDef() if node is not function:
                for decorator in node.decorator_list:
                    if not isinstance(decorator, ast.Call):
                        yield decorator, None
            case ast.Return(value=ast.Name() | ast.Attribute() as value):
                yield value, None


def _of_given_application(module: Module, target: ast.expr) -> bool:
    """`app.task` of an `app` that a function was given, `self.app.task`, in a module that speaks of Celery."""
    return (
        isinstance(target, ast.Attribute)
        and target.attr == "task"
        and _APPLICATION.match(last_name(target.value)) is not None
        and "celery" in module.text.lower()
    )


def notes_tasks(module: Module, function: Function) -> bool:
    """`task` of a module that notes functions, and makes them tasks once there is an application."""
    return function.name in _NOTES and module.parents.get(function) is module.tree and "celery.task(" in module.text


def _is_of_super(target: ast.expr) -> bool:
    """`super().task` of an application's own class."""
    match target:
        case ast.Attribute(attr="task", value=ast.Call(func=ast.Name(id="super"))):
            return True
    return False


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
