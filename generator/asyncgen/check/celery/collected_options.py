"""Options that are collected in a dict before they are given with `**`."""

import ast
from typing import NamedTuple

from asyncgen.check.celery.task import Option
from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module

__all__ = ["Collected", "collected"]

_DEPTH = 6


class Collected(NamedTuple):
    """What a dict holds: `items` by their names, each as what is put in last leaves it.

    `others` is what is unpacked into it and cannot be read. `opaque`: something else may change the dict.
    """

    items: dict[str, Option]
    others: list[tuple[Module, ast.expr]]
    opaque: bool = False

    def then(self, later: "Collected") -> "Collected":
        return Collected({**self.items, **later.items}, self.others + later.others, self.opaque or later.opaque)


def collected(names: Names, module: Module, expr: ast.expr, depth: int = 0) -> Collected:
    """What a dict holds at `expr`: one that is written there, has a name in the project, or is filled by the function
    around it. What is no such dict is one of its own `others`.
    """
    return _named(names, module, expr, depth) or _display(names, module, expr, depth) or Collected({}, [(module, expr)])


def _named(names: Names, module: Module, expr: ast.expr, depth: int) -> Collected | None:
    if not isinstance(expr, ast.Name | ast.Attribute) or depth > _DEPTH:
        return None
    found = names.bindings(module, expr.id, expr) if isinstance(expr, ast.Name) else []
    if len(found) > 1 or any(binding.kind not in {"value", "import"} for binding in found):
        return None
    symbol = names.resolve(module, expr)
    if symbol is None or symbol.module is None or not isinstance(symbol.node, ast.expr):
        return None
    made = _display(names, symbol.module, symbol.node, depth)
    function = module.function_of(expr)
    if made is None or not isinstance(expr, ast.Name) or function is None or not found:
        return made
    if module.function_of(found[0].node) is not function:
        return made
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == expr.id]
    for use in sorted(uses, key=_place):
        if _place(use) < _place(expr):
            made = _edited(names, module, made, use, depth)
    return made


def _place(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _edited(names: Names, module: Module, made: Collected, use: ast.Name, depth: int) -> Collected:
    """What a dict holds after one mention of it."""
    parent = module.parents[use]
    around = module.parents[parent]
    match parent, around:
        case ast.Subscript(slice=ast.Constant(value=str(key)), ctx=ast.Store()), ast.Assign(value=value):
            return made.then(_item(key, value, module, parent))
        case ast.Attribute(attr="setdefault"), ast.Call(args=[ast.Constant(value=str(key)), value]):
            return _item(key, value, module, around).then(made)
        case ast.Attribute(attr="update"), ast.Call(args=args, keywords=keywords):
            return made.then(_given(names, module, args, keywords, depth))
        case ast.Subscript(ctx=ast.Load()) | ast.Attribute(attr="get" | "copy" | "items" | "keys"), _:
            return made
        case ast.Assign() | ast.AnnAssign() | ast.Compare() | ast.keyword(arg=None), _:
            return made
    return made._replace(opaque=True)


def _display(names: Names, module: Module, expr: ast.expr, depth: int) -> Collected | None:
    """`{"queue": ..., **more}`, `dict(more, queue=...)` and `one | other`."""
    made = Collected({}, [])
    match expr:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if key is None:
                    made = made.then(collected(names, module, value, depth + 1))
                elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                    made = made.then(_item(key.value, value, module, key))
                else:
                    made = made._replace(opaque=True)
            return made
        case ast.Call(args=args, keywords=keywords) if names.name(module, expr.func) == "builtins.dict":
            return _given(names, module, args, keywords, depth)
        case ast.BinOp(left=one, op=ast.BitOr(), right=other):
            return collected(names, module, one, depth + 1).then(collected(names, module, other, depth + 1))
    return None


def _given(names: Names, module: Module, args: list[ast.expr], keywords: list[ast.keyword], depth: int) -> Collected:
    """What the arguments of `dict(...)` and `update(...)` put in."""
    made = Collected({}, [])
    for argument in args:
        made = made.then(collected(names, module, argument, depth + 1))
    for keyword in keywords:
        made = made.then(
            collected(names, module, keyword.value, depth + 1)
            if keyword.arg is None
            else _item(keyword.arg, keyword.value, module, keyword)
        )
    return made


def _item(key: str, value: ast.expr, module: Module, node: ast.AST) -> Collected:
    return Collected({key: Option(value, module, node)}, [])
