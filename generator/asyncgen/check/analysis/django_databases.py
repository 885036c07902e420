"""Django's `DATABASES`: whether each request runs in a transaction."""

import ast
from collections.abc import Iterator

from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.values import literal
from asyncgen.check.source.module import Module

__all__ = ["are_requests_atomic"]

_KEY = "ATOMIC_REQUESTS"


def are_requests_atomic(project: PythonProject) -> bool:
    """Only if all settings that speak of it say so plainly, for the default database."""
    if _KEY in project.unread:
        return False
    values = [
        literal(project.names, module, value)
        for module in project.modules
        if _KEY in module.text and module.kind == "code"
        for value in _written(module)
    ]
    return bool(values) and all(value is True for value in values)


def _written(module: Module) -> Iterator[ast.expr]:
    scopes: list[ast.Module | ast.ClassDef] = [module.tree, *module.classes]
    for scope in scopes:
        for binding in module.names(scope).get("DATABASES", []):
            if isinstance(binding.target, ast.Dict):
                default = _item(binding.target, "default")
                value = _item(default, _KEY) if isinstance(default, ast.Dict) else None
                if value is not None:
                    yield value
    for node in module.index.stores:
        match node:
            case ast.Assign(
                targets=[
                    ast.Subscript(
                        value=ast.Subscript(value=ast.Name(id="DATABASES"), slice=ast.Constant(value="default")),
                        slice=ast.Constant(value=key),
                    )
                ],
                value=value,
            ) if key == _KEY:
                yield value


def _item(node: ast.Dict, key: str) -> ast.expr | None:
    for name, value in zip(node.keys, node.values, strict=True):
        if isinstance(name, ast.Constant) and name.value == key:
            return value
    return None
