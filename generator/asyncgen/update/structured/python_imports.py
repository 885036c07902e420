"""The imports at the top of a Python file, and a few more of them, sorted as ruff sorts them."""

import ast
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .tree import UnmergeableError

__all__ = ["Imported", "bound_names", "imported", "with_imports"]

_WIDTH = 120


@dataclass(frozen=True)
class Imported:
    """One name that an import statement binds. module: "" for `import name`; level: the dots before it."""

    module: str
    level: int
    name: str
    alias: str | None

    @property
    def section(self) -> int:
        """`__future__`, the standard library, what is installed, and the package itself, in this order."""
        top = (self.module or self.name).partition(".")[0]
        if self.level:
            return 3
        return 0 if top == "__future__" else 1 if top in sys.stdlib_module_names else 2

    @property
    def key(self) -> tuple[bool, int, str]:
        """The order within a section: `import a` before `from a import b`, and the most dots first."""
        plain = not self.module and not self.level
        return not plain, -self.level, (self.name if plain else self.module).lower()


def imported(tree: ast.Module) -> dict[str, Imported]:
    """What the statements at the top level import, by the name that they bind it to."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                found[bound] = Imported("", 0, alias.name, alias.asname)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = Imported(node.module or "", node.level, alias.name, alias.asname)
    return found


def bound_names(tree: ast.Module) -> set[str]:
    """The names that a module binds, those inside its functions and classes too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
    return found


def with_imports(text: str, wanted: Sequence[Imported]) -> str:
    """The text with these imports too; UnmergeableError where its own cannot be written anew."""
    tree = ast.parse(text)
    there = imported(tree)
    missing = {item.alias or item.name: item for item in wanted if there.get(item.alias or item.name) != item}
    if taken := missing.keys() & there.keys():
        raise UnmergeableError(f"{min(taken)} is imported from elsewhere")
    if not missing:
        return text
    lines = text.splitlines()
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if not nodes:
        docstring = tree.body[0].end_lineno or 0 if ast.get_docstring(tree) is not None else 0
        return "\n".join([*lines[:docstring], "", *_written(missing), *lines[docstring:]]) + "\n"
    begin, end = nodes[0].lineno - 1, nodes[-1].end_lineno or 0
    written = _written(there)
    if [line for line in lines[begin:end] if line] != [line for line in written if line]:
        raise UnmergeableError("imports that are written in another way")
    return "\n".join([*lines[:begin], *_written(there | missing), *lines[end:]]) + "\n"


def _written(items: Mapping[str, Imported]) -> list[str]:
    statements: dict[tuple[int, tuple[bool, int, str]], list[Imported]] = {}
    for item in items.values():
        statements.setdefault((item.section, item.key), []).append(item)
    lines: list[str] = []
    section = None
    for place, group in sorted(statements.items(), key=lambda pair: pair[0]):
        lines += [""] if section not in (None, place[0]) else []
        section = place[0]
        lines += _statement(group)
    return lines


def _statement(group: Sequence[Imported]) -> list[str]:
    first = group[0]
    names = [
        f"{item.name} as {item.alias}" if item.alias else item.name
        for item in sorted(group, key=lambda i: _rank(i.name))
    ]
    if not first.module and not first.level:
        return [f"import {name}" for name in names]
    head = f"from {'.' * first.level}{first.module} import "
    line = head + ", ".join(names)
    return [line] if len(line) <= _WIDTH else [f"{head}(", *(f"    {name}," for name in names), ")"]


def _rank(name: str) -> tuple[int, str]:
    """Constants, classes and the rest, as ruff orders names."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name
