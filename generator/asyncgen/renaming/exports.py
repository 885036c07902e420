"""The dotted names of the task in the project: its module's, its own, and those of modules that pass it on."""

import ast
from collections.abc import Sequence

from .scopes import Scope, Scopes

__all__ = ["Targets", "known_names", "renamed_scopes"]

Targets = dict[str, str]
"""Dotted names, and the last part that each has afterwards."""


def known_names(old: str, new: str, targets: Targets, files: Sequence[Scopes]) -> Targets:
    """The names with those of the modules that bind the task to its old name, and can have the new one instead."""
    while True:
        passed_on = {
            f"{scopes.source.module}.{old}": new
            for scopes in files
            if scopes.module in renamed_scopes(scopes, old, new, targets)
        }
        if passed_on.keys() <= targets.keys():
            return targets
        targets = targets | passed_on


def renamed_scopes(scopes: Scopes, old: str, new: str, targets: Targets) -> set[Scope]:
    """The scopes of a file in which the old name is the task, and in which the new one is free."""
    if old in scopes.declared or new in scopes.declared:
        return set()
    binding = {scope for scope in _all(scopes) if scopes.bound_path(scope, old) in targets and old in scope.bound}
    return {scope for scope in binding if _is_free(scopes, scope, old, new)}


def _all(scopes: Scopes) -> set[Scope]:
    return {scopes.module, *(scope for name in scopes.names.values() for scope in name.outwards())}


def _is_free(scopes: Scopes, scope: Scope, old: str, new: str) -> bool:
    """Whether no use of the old name would mean something else under the new one, and none of the new one would.

    Nor may one of them stand where the syntax tree does not say: in an f-string, before Python 3.12.
    """
    if new in scope.bound:
        return False
    source = scopes.source
    for name, place in scopes.names.items():
        if scope not in (around := list(place.outwards())):
            continue
        between = around[: around.index(scope)]
        is_use = name.id == old and scopes.owner(old, place) is scope
        if is_use and any(new in each.bound for each in between):
            return False
        if is_use and not source.text.startswith(old, source.span(name)[0]):
            return False
        if name.id == new and isinstance(name.ctx, ast.Load) and scopes.owner(new, place) not in between:
            return False
    return True
