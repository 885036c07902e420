"""What code puts into a collection one by one, and into an attribute of `self`."""

import ast

from asyncgen.check.source.module import Module

__all__ = ["added_to", "assigned_to"]


def added_to(module: Module, name: str, at: ast.AST) -> list[ast.expr]:
    """What the function around a node appends to a list of that name, or stores under a dict's keys."""
    found = []
    for node in ast.walk(module.function_of(at) or module.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="append" | "add"), args=[value]):
                pass
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=owner))], value=value):
                pass
            case _:
                continue
        if owner == name:
            found.append(value)
    return found


def assigned_to(module: Module, expr: ast.Attribute) -> list[ast.expr]:
    """What the methods of a class assign to `self.x`; nothing for what is no attribute of `self` in a method."""
    function = module.function_of(expr)
    owner = module.class_of(function) if function is not None else None
    if owner is None or not (isinstance(expr.value, ast.Name) and expr.value.id == "self"):
        return []
    found = []
    for node in module.index.stores:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        match target:
            case ast.Attribute(value=ast.Name(id="self"), attr=attr) if attr == expr.attr and node.value is not None:
                inner = module.function_of(node)
                if inner is not None and module.class_of(inner) is owner:
                    found.append(node.value)
    return found
