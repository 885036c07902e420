"""What code treats as an object, though none can see what made it."""

import ast
import re

from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.source.module import Module

__all__ = ["is_used_as_object"]

#: What rows and people have, and no text, number, date or dict.
_OF_ROWS = re.compile(r"^(pk|id|uuid|slug|email|username|first_name|last_name|url|status|\w+_(id|at)|is_[a-z_]+)$")
#: They give dicts whose keys are attributes as well.
_DICTS = ("stripe.", "box.", "munch.", "easydict.", "addict.")


def is_used_as_object(project: CeleryProject, module: Module, name: ast.Name) -> bool:
    """Whether the same function reads an attribute of what a name stands for: `user.email`; one that asks what it is
    has several kinds of it.
    """
    bound = project.names.bindings(module, name.id, name)
    meant = {binding.node for binding in bound}
    made = [project.names.name(module, binding.target) for binding in bound if isinstance(binding.target, ast.expr)]
    function = module.function_of(name)
    if function is None or any(known.startswith(_DICTS) for known in made):
        return False
    is_read = any(
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name.id
        and _OF_ROWS.search(node.attr) is not None
        and not _is_called(module, node)
        and {binding.node for binding in project.names.bindings(module, name.id, node.value)} == meant
        for node in ast.walk(function)
    )
    return is_read and not any(_asks_for_kind(node, name.id) for node in ast.walk(function))


def _is_called(module: Module, node: ast.Attribute) -> bool:
    call = module.parents[node]
    return isinstance(call, ast.Call) and call.func is node


def _asks_for_kind(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="isinstance" | "type" | "hasattr" | "getattr"), args=[ast.Name(id=asked), *_]):
            return asked == name
    return False
