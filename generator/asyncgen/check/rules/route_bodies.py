"""Whether a name is what a route of FastAPI is given as the body of a request."""

import ast
import re

from asyncgen.check.analysis.project import Project
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name, parameters

__all__ = ["is_body_of_route"]

_POSTS = {"post", "put", "patch"}


def is_body_of_route(project: Project, module: Module, expr: ast.expr, annotations: set[str] | None = None) -> bool:
    """Whether it is a parameter with a class, or one of `annotations`, that no dependency gives."""
    function = module.function_of(expr)
    if function is None or not any(
        isinstance(d, ast.Call) and last_name(d.func) in _POSTS for d in function.decorator_list
    ):
        return False
    bound = project.names.bindings(module, expr.id, expr) if isinstance(expr, ast.Name) else []
    if [b.kind for b in bound] != ["param"] or not isinstance(bound[0].target, ast.expr):
        return False
    annotation = bound[0].target
    symbol = project.names.resolve(module, annotation)
    alias = symbol.node if symbol is not None and isinstance(symbol.node, ast.Subscript) else annotation
    kind = last_name(annotation.value if isinstance(annotation, ast.Subscript) else annotation)
    given = {argument.arg: default for argument, default in parameters(function)}.get(last_name(expr))
    return (
        (kind in annotations if annotations else kind[:1].isupper())
        and not re.search("Depends|Security", ast.unparse(alias))
        and (given is None or last_name(getattr(given, "func", given)) == "Body")
    )
