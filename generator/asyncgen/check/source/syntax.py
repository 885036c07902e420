"""What the syntax tree of a module is described with: its functions and scopes, and what binds a name in one."""

import ast
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["SCOPES", "Binding", "Function", "Scope", "is_none", "last_name", "parameters", "without_none"]

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Scope: TypeAlias = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda

#: For `isinstance`, where a tuple is faster than a union.
SCOPES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Binding(NamedTuple):
    """One way in which a name gets its meaning in a scope.

    `target` is a dotted name (imports), the expression assigned, looped over or entered, or the
    annotation of a parameter.
    """

    kind: Literal["import", "value", "def", "param", "loop", "with", "other"]
    node: ast.AST
    target: str | ast.expr | None = None


def last_name(expr: ast.expr) -> str:
    """The last part of a dotted name, or the empty string."""
    if isinstance(expr, ast.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, ast.Name) else ""


def is_none(expr: str | ast.expr | None) -> bool:
    """Whether an expression, or a binding's target, is the constant None."""
    return isinstance(expr, ast.Constant) and expr.value is None


def parameters(function: Function) -> list[tuple[ast.arg, ast.expr | None]]:
    """Each parameter of a function with its default, but for `*args` and `**kwargs`."""
    args = function.args
    positional = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + args.defaults
    return list(zip([*positional, *args.kwonlyargs], [*defaults, *args.kw_defaults], strict=True))


def without_none(annotation: ast.expr) -> ast.expr:
    """`Order` of `Order | None` and `Optional[Order]`; any other annotation as it is."""
    match annotation:
        case ast.BinOp(left=inner, op=ast.BitOr(), right=ast.Constant(value=None)):
            return inner
        case ast.Subscript(value=outer, slice=inner) if last_name(outer) == "Optional":
            return inner
    return annotation
