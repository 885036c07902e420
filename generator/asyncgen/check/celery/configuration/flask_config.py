"""What a project puts into the configuration of Flask's application, which it may hand on to Celery as a whole."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.celery.configuration.setting_places import UPPER
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["FROM_OUTSIDE", "is_of_flask", "items_of_flask"]

#: Flask reads a file or the environment: none can tell what is in them.
FROM_OUTSIDE = re.compile(r"\.config\.from_(envvar|file|json|prefixed_env|pyfile)\(")
_APPLICATION = re.compile(r"(^|_)(app|application|flask)$")


def is_of_flask(expr: ast.expr) -> bool:
    """Whether an expression is `app.config` of a Flask application."""
    match expr:
        case ast.Attribute(value=owner, attr="config"):
            return _APPLICATION.search(last_name(owner)) is not None
    return False


def items_of_flask(module: Module) -> Iterator[tuple[str, ast.expr | None, ast.AST]]:
    """Names in capitals of a module and its classes, `app.config["KEY"] = ...`, `app.config.update(KEY=...)`."""
    scopes: list[ast.Module | ast.ClassDef] = [module.tree, *module.classes]
    for scope in scopes:
        for name, bindings in module.names(scope).items():
            if UPPER.match(name):
                for binding in bindings:
                    if binding.kind == "value":
                        yield name, binding.target if isinstance(binding.target, ast.expr) else None, binding.node
    for node in module.index.stores:
        match node:
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Attribute(attr="config"), slice=ast.Constant(value=str(key)))],
                value=value,
            ):
                yield key, value, node
    for call in module.calls:
        match call.func:
            case ast.Attribute(value=ast.Attribute(attr="config"), attr="update" | "from_mapping"):
                yield from ((keyword.arg, keyword.value, keyword) for keyword in call.keywords if keyword.arg)
