"""The names of tasks: those in messages, and the former ones, which no other task may get."""

import ast
import re
from collections.abc import Iterable

from ..errors import BadInput, Refused
from ..service import Service
from .listing import decorated, options_of, own_name, parse_file

__all__ = ["check_never_used", "full_names", "literal_aliases"]


def full_names(function: ast.FunctionDef, module: str) -> tuple[str, ...]:
    """The names that a task of a module goes by: the one on the wire first, its own last; "" for a computed one."""
    return (*literal_aliases(function), own_name(function, module))


def literal_aliases(function: ast.FunctionDef) -> list[str]:
    """The former names of a task; Refused where they are not written out."""
    node = options_of(function).get("aliases")
    parts = node.elts if isinstance(node, ast.Tuple) else []
    found = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if node is None or (isinstance(node, ast.Tuple) and len(found) == len(parts)):
        return found
    raise Refused(
        f"expected aliases of {function.name} to be a tuple of names written out, got: {ast.unparse(node)}; "
        "write the names there"
    )


def check_never_used(names: Iterable[str], service: Service, *, but: str = "") -> None:
    """Raise BadInput for the name of a new task that another one had: its messages would be the other one's.

    but: a task that may get back a name of its own.
    """
    own = {f"{service.package}.tasks.{name}.{name}": name for name in names}
    full = re.compile(rb"%s\.tasks\.\w+\.\w+" % service.package.encode())
    for path in service.modules("tasks"):
        # Few files have aliases, and reading the syntax of all takes a millisecond for each.
        if path.stem == but or own.keys().isdisjoint(name.decode() for name in full.findall(path.read_bytes())):
            continue
        for node in parse_file(path, service).body:
            if isinstance(node, ast.FunctionDef) and decorated(node) is not None:
                for taken in own.keys() & {*full_names(node, f"{service.package}.tasks.{path.stem}")}:
                    raise BadInput(
                        f"expected the task's name to be free, got: {own[taken]}, a former name of {node.name}; "
                        "take another name"
                    )
