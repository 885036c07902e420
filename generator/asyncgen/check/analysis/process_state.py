"""What a function changes that outlives it in its own process alone: variables of modules and classes."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from asyncgen.check.analysis.process_caches import is_memo, is_set_once
from asyncgen.check.analysis.stores import assigned_to
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["Change", "changes"]

_CHANGES = {
    "append", "add", "update", "setdefault", "extend", "insert", "pop", "popitem", "clear", "remove", "discard",
    "appendleft", "extendleft", "popleft", "subtract", "difference_update", "intersection_update",
    "symmetric_difference_update", "put", "put_nowait",
}  # fmt: skip
_MUTABLE = {
    "builtins.list", "builtins.dict", "builtins.set", "collections.defaultdict", "collections.OrderedDict",
    "collections.Counter", "collections.deque", "queue.Queue", "queue.SimpleQueue", "queue.LifoQueue",
    "queue.PriorityQueue",
}  # fmt: skip
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
_PUSHES = {"heapq.heappush", "heapq.heappop", "heapq.heapreplace", "bisect.insort"}
#: What a change looks like in the text: to look for that first is much faster than to look at every node.
_MAY_CHANGE = re.compile(
    rf"\bglobal\b|\.({'|'.join(sorted(_CHANGES))})\(|[-+*/|&^%]=|\bdel\b|\bnext\(|heap|insort|[\w\])]\s*(\]|\.\w+)\s*=[^=]|\]\s*=[^=]"
)
_STATEMENTS = frozenset({ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete, ast.Call})


class Change(NamedTuple):
    """`name` is what is changed, in the words of the code."""

    node: ast.AST
    name: str


def changes(project: CeleryProject, module: Module, function: Function) -> Iterator[Change]:
    """One for each thing that is changed, where that happens first."""
    text = module.text_of(function)
    if not _MAY_CHANGE.search(text):
        return
    nodes = [node for node in ast.walk(function) if node.__class__ in _STATEMENTS]
    shared = _globals(function) if "global" in text else set()
    told: set[str] = set()
    for node in nodes:
        for target in _changed(project, module, node):
            name = ast.unparse(target)
            if name in told or not _is_state(project, module, function, node, target, shared):
                continue
            if is_set_once(function, name, node) or is_memo(function, name, node):
                continue
            told.add(name)
            yield Change(node, name)


def _globals(function: Function) -> set[str]:
    return {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}


def _changed(project: CeleryProject, module: Module, node: ast.AST) -> list[ast.expr]:
    """What a statement or call changes, if that can be state."""
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            return [_holder(target) for target in targets if isinstance(target, _PLACES)]
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target, value=ast.expr()):
            return [_holder(target)] if isinstance(target, _PLACES) else []
        case ast.Call(func=ast.Attribute(value=ast.Name() | ast.Attribute() as holder, attr=method)) if (
            method in _CHANGES
        ):
            return [holder]
        case ast.Call(args=[ast.Name() | ast.Attribute() as holder, *_]):
            name = project.names.name(module, node.func)
            counted = name == "builtins.next" and project.names.name(module, holder) == "itertools.count()"
            return [holder] if counted or name in _PUSHES else []
    return []


_PLACES = (ast.Name, ast.Attribute, ast.Subscript)


def _holder(target: ast.expr) -> ast.expr:
    """The variable that a subscript is of."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return target


def _is_state(
    project: CeleryProject, module: Module, function: Function, node: ast.AST, target: ast.expr, shared: set[str]
) -> bool:
    rebinds = isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and _is_bound_by(node, target)
    match target:
        case ast.Name(id=name) if rebinds:
            return name in shared
        case ast.Name(id=name):
            found = project.names.bindings(module, name, target)
            outside = found and found[0] in module.names(module.tree).get(name, ())
            return (name in shared or bool(outside)) and _is_mutable(project, module, target)
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=attr):
            return _is_of_task(project, module, function, target, attr, rebinds and not isinstance(node, ast.AugAssign))
        case ast.Attribute(value=owner) if rebinds:
            return _is_shared_object(project, module, owner)
        case ast.Attribute():
            return _is_mutable(project, module, target)
    return False


def _is_bound_by(node: ast.Assign | ast.AnnAssign | ast.AugAssign, target: ast.expr) -> bool:
    return any(target is bound for bound in (node.targets if isinstance(node, ast.Assign) else [node.target]))


def _is_mutable(project: CeleryProject, module: Module, expr: ast.expr) -> bool:
    """Whether a name means a list, a dict or the like that is made once, where a module or a class is read."""
    symbol = project.names.resolve(module, expr)
    if symbol is None or symbol.module is None or not isinstance(symbol.node, ast.expr):
        return False
    if symbol.module.function_of(symbol.node) is not None:
        return False
    home = symbol.module.names(symbol.module.tree).get(symbol.name.rpartition(".")[2], [])
    return len([b for b in home if b.kind == "value"]) <= 1 and _makes_mutable(project, symbol.module, symbol.node)


def _makes_mutable(project: CeleryProject, module: Module, expr: ast.expr) -> bool:
    if isinstance(expr, _DISPLAYS):
        return True
    return isinstance(expr, ast.Call) and (
        project.names.name(module, expr.func) in _MUTABLE or project.names.name(module, expr) == "itertools.count()"
    )


def _is_shared_object(project: CeleryProject, module: Module, owner: ast.expr) -> bool:
    """Whether an attribute is set on a module, a class or a function of the project."""
    symbol: Symbol | None = (
        project.names.resolve(module, owner) if isinstance(owner, ast.Name | ast.Attribute) else None
    )
    if symbol is None or symbol.module is None or symbol.name.endswith(")"):
        return False
    if isinstance(owner, ast.Name) and module.function_of(owner) is not None:
        found = project.names.bindings(module, owner.id, owner)
        outside = module.names(module.tree).get(owner.id, ())
        if not any(b.kind == "import" or (b.kind == "def" and b in outside) for b in found):
            return False
    return symbol.node is None or isinstance(symbol.node, ast.ClassDef | Function)


def _is_of_task(
    project: CeleryProject, module: Module, function: Function, target: ast.Attribute, attr: str, plain: bool
) -> bool:
    """Whether `self.x` of a task lives on from run to run: Celery makes one instance for all of them."""
    task = project.tasks.by_node.get(module.class_of(function) or function)
    if task is None or plain or not task.bound or attr == "request":
        return False
    own = ast.unparse(target)
    if any(isinstance(s, ast.Assign) and own in map(ast.unparse, s.targets) for s in function.body):
        return False  # begun anew by each run
    if isinstance(module.parents[target], ast.AugAssign):
        return True
    return _is_mutable(project, module, target) or any(
        _makes_mutable(project, module, value) for value in assigned_to(module, target)
    )
