"""Options that are collected in a dict before they are given with `**`."""

import ast
from typing import NamedTuple

from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module

__all__ = ["Collected", "collected"]


class Collected(NamedTuple):
    """`items` holds a keyword for each option that is put in; `others` what is unpacked into it, and may hold more.

    `opaque`: something else may change the dict.
    """

    items: list[ast.keyword]
    others: list[ast.expr]
    opaque: bool = False


def collected(names: Names, module: Module, expr: ast.expr) -> Collected | None:
    """What a dict of the function around `expr` holds there, or None for what is no such dict."""
    function = module.function_of(expr)
    if isinstance(expr, ast.Dict) or not isinstance(expr, ast.Name):
        return _display(names, module, expr)
    found = names.bindings(module, expr.id, expr)
    if len(found) != 1 or found[0].kind != "value" or not isinstance(found[0].target, ast.expr):
        return None
    made = _display(names, module, found[0].target)
    if made is None or function is None or module.function_of(found[0].node) is not function:
        return made
    for use in ast.walk(function):
        if isinstance(use, ast.Name) and use.id == expr.id and use is not expr:
            made = _edited(names, module, made, use)
    return made


def _edited(names: Names, module: Module, made: Collected, use: ast.Name) -> Collected:
    """What one mention of the dict adds to it."""
    parent = module.parents[use]
    around = module.parents[parent]
    match parent, around:
        case ast.Subscript(slice=ast.Constant(value=str(key)), ctx=ast.Store()), ast.Assign(value=value):
            return made._replace(items=[*made.items, _keyword(key, value, parent)])
        case ast.Attribute(attr="setdefault"), ast.Call(args=[ast.Constant(value=str(key)), value]):
            return made._replace(items=[*made.items, _keyword(key, value, around)])
        case ast.Attribute(attr="update"), ast.Call(args=args, keywords=keywords):
            for given in [*args, *(k.value for k in keywords if k.arg is None)]:
                inner = _display(names, module, given)
                made = (
                    made._replace(others=[*made.others, given])
                    if inner is None
                    else Collected([*made.items, *inner.items], [*made.others, *inner.others], made.opaque)
                )
            return made._replace(items=[*made.items, *(k for k in keywords if k.arg is not None)])
        case ast.Subscript(ctx=ast.Load()) | ast.Attribute(attr="get" | "copy" | "items" | "keys"), _:
            return made
        case ast.Assign() | ast.AnnAssign() | ast.Compare() | ast.keyword(arg=None), _:
            return made
    return made._replace(opaque=True)


def _display(names: Names, module: Module, expr: ast.expr) -> Collected | None:
    """`{"queue": ..., **more}` and `dict(queue=..., **more)`."""
    if isinstance(expr, ast.Dict):
        pairs = list(zip(expr.keys, expr.values, strict=True))
        items = [
            _keyword(key.value, value, key)
            for key, value in pairs
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
        others = [value for key, value in pairs if key is None]
        return Collected(items, others, opaque=len(items) + len(others) < len(pairs))
    if isinstance(expr, ast.Call) and names.name(module, expr.func) == "builtins.dict":
        items = [keyword for keyword in expr.keywords if keyword.arg is not None]
        return Collected(items, [*expr.args, *(k.value for k in expr.keywords if k.arg is None)])
    return None


def _keyword(key: str, value: ast.expr, place: ast.AST) -> ast.keyword:
    return ast.copy_location(ast.keyword(arg=key, value=value), place)
