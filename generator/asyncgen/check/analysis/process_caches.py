"""What each process is meant to have for itself: a copy of what is kept elsewhere (`if key not in CACHE: CACHE[key] =
load(key)`), and what is made once (`if client is None: client = connect()`).
"""

import ast

from asyncgen.check.source.syntax import Function

__all__ = ["is_memo", "is_set_once"]

_CLOCKS = {"now", "utcnow", "time", "monotonic", "today"}


def is_set_once(function: Function, name: str, node: ast.AST) -> bool:
    """`if client is None: client = connect()`, `client = client or connect()`."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    if isinstance(node.value, ast.BoolOp) and ast.unparse(node.value.values[0]) == name:
        return True
    if _is_begun_and_ended(function, name):
        return False
    return any(
        _is_test_for_nothing(test.test, name) for test in ast.walk(function) if isinstance(test, ast.If | ast.IfExp)
    )


def _is_begun_and_ended(function: Function, name: str) -> bool:
    """`running = True ... running = False`: no state of being ready, but a lock."""
    set_to = {
        ast.unparse(node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets)
    }
    return {"True", "False"} <= set_to


def _is_test_for_nothing(test: ast.expr, name: str) -> bool:
    match test:
        case ast.BoolOp(values=values):
            asked = [value for value in values if name in map(ast.unparse, ast.walk(value))]
            return bool(asked) and all(_is_test_for_nothing(value, name) for value in asked)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_test_for_nothing(operand, name)
        case ast.Call(func=ast.Name(id="hasattr"), args=[holder, ast.Constant(value=str(attribute))]):
            return f"{ast.unparse(holder)}.{attribute}" == name
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() | ast.Eq() | ast.NotEq()], comparators=[other]):
            return ast.unparse(left) == name and isinstance(other, ast.Constant | ast.Name) and not _is_number(other)
    return ast.unparse(test) == name


def _is_number(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and isinstance(expr.value, int | float) and not isinstance(expr.value, bool)


def is_memo(function: Function, name: str, node: ast.AST) -> bool:
    """Whether a dict is looked into for a key, and filled where it has none, with what is read again from there."""
    match node:
        case ast.Assign(targets=[*_, ast.Subscript(slice=key)], value=value):
            if isinstance(value, ast.Constant) or _is_clock(value):
                return False
        case ast.Call(func=ast.Attribute(attr="setdefault"), args=[key, _]):
            pass
        case _:
            return False
    if isinstance(node, ast.Assign) and any(ast.unparse(inner) == name for inner in ast.walk(node.value)):
        return False
    same = ast.unparse(key)
    return any(_looks_up(inner, name, same) for inner in ast.walk(function)) and any(
        _reads(inner, name) for inner in ast.walk(function)
    )


def _is_clock(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _CLOCKS


def _looks_up(node: ast.AST, name: str, key: str) -> bool:
    """Whether it asks for the key before it fills it: `in`, `.get(key)` that is kept, `except KeyError`."""
    match node:
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[holder]):
            return ast.unparse(left) == key and ast.unparse(holder) in {name, f"{name}.keys()"}
        case ast.Assign(value=value) | ast.NamedExpr(value=value) | ast.BoolOp(values=[value, *_]):
            return ast.unparse(value).startswith((f"{name}.get({key}", f"{name}[{key}]"))
        case (
            ast.UnaryOp(op=ast.Not(), operand=value)
            | ast.Compare(left=value, ops=[ast.Is()], comparators=[ast.Constant(value=None)])
        ):
            return ast.unparse(value) == f"{name}.get({key})"
        case ast.ExceptHandler(type=ast.Name(id="KeyError")):
            return True
        case ast.Call(func=ast.Attribute(attr="setdefault", value=holder)):
            return ast.unparse(holder) == name
    return False


def _reads(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Subscript(value=holder, ctx=ast.Load()):
            return ast.unparse(holder) == name
        case ast.Call(func=ast.Attribute(value=holder, attr="get" | "setdefault")):
            return ast.unparse(holder) == name
    return False
