"""The options that a task gets from a project's own decorator, and from the call of a decorator."""

import ast
from typing import NamedTuple

from asyncgen.check.celery.collected_options import collected
from asyncgen.check.celery.task import Option, Task
from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["Wrapper", "add_options", "callee_of", "own_names", "with_options"]


class Wrapper(NamedTuple):
    """A project's own decorator around Celery's: the options it adds, and whether it adds unseen ones.

    `foreign`: the application is another distribution's, and so is the class of task that it makes. `taken` are the
    names that it keeps for itself, `read` those that it looks at and passes on.
    """

    options: dict[str, Option]
    opaque: bool
    foreign: bool = False
    taken: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()


def callee_of(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def with_options(names: Names, module: Module, inner: Wrapper, call: ast.Call) -> Wrapper:
    """The wrapper that calls `inner`: keywords that it passes on from its own `**kwargs` come with the decorator."""
    options = dict(inner.options)
    opaque = inner.opaque
    for keyword in call.keywords:
        if keyword.arg is not None:
            options[keyword.arg] = Option(keyword.value, module, keyword)
        else:
            held = collected(names, module, keyword.value)
            options.update(held.items)
            opaque |= held.opaque or not all(
                home is module and _is_passed_on(module, call, other) for home, other in held.others
            )
    return inner._replace(options=options, opaque=opaque)


def _is_passed_on(module: Module, call: ast.Call, value: ast.expr) -> bool:
    """Whether `**value` is what the decorator itself was given, also where its object keeps it."""
    around = [a for a in module.ancestors(call) if isinstance(a, Function)]
    if isinstance(value, ast.Name):
        return value.id in {f.args.kwarg.arg for f in around if f.args.kwarg}
    owner = module.class_of(around[-1]) if around and isinstance(value, ast.Attribute) else None
    return owner is not None and any(
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and node.targets[0].attr == value.attr  # type: ignore[attr-defined] # an owner only for an attribute
        and isinstance(node.value, ast.Name)
        and method.args.kwarg is not None
        and node.value.id == method.args.kwarg.arg
        for method in owner.body
        if isinstance(method, Function)
        for node in method.body
    )


def own_names(function: Function) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a decorator takes for itself (parameters, `options.pop("name")`), and those that it looks at."""
    functions = [node for node in ast.walk(function) if isinstance(node, Function)]
    options = {inner.args.kwarg.arg for inner in functions if inner.args.kwarg}
    arguments = function.args
    taken = {a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    read = set()
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=held, attr="pop"), args=[ast.Constant(value=str(name)), *_]):
                if _holds(held, options):
                    taken.add(name)
            case ast.Call(func=ast.Attribute(value=held, attr="get"), args=[ast.Constant(value=str(name)), *_]):
                if _holds(held, options):
                    read.add(name)
            case ast.Subscript(value=held, slice=ast.Constant(value=str(name))) if _holds(held, options):
                if isinstance(node.ctx, ast.Del):
                    taken.add(name)
                elif isinstance(node.ctx, ast.Load):
                    read.add(name)
            case ast.Compare(left=ast.Constant(value=str(name)), comparators=[held]) if _holds(held, options):
                read.add(name)
    return frozenset(taken), frozenset(read)


def _holds(expr: ast.expr, options: set[str]) -> bool:
    """Whether an expression is the options that a decorator was given; an object may keep them."""
    return isinstance(expr, ast.Attribute) or (isinstance(expr, ast.Name) and expr.id in options)


def add_options(names: Names, task: Task, module: Module, call: ast.Call, wrapper: Wrapper) -> None:
    """Adds what is given where the decorator is used."""
    for keyword in call.keywords:
        if keyword.arg is None:
            held = collected(names, module, keyword.value)
            task.opaque |= held.opaque or bool(held.others)
            given = held.items
        else:
            given = {keyword.arg: Option(keyword.value, module, keyword)}
        for name, option in given.items():
            if name in wrapper.taken and name not in wrapper.options:
                continue
            task.options[name] = option
            if keyword.arg is not None and name not in wrapper.read:
                task.own.add(name)
