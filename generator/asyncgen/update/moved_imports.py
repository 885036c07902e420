"""Where the user's modules import what the template moved. These files are the user's: the update names their lines."""

import ast
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from ..module_files import NO_PYTHON
from ..trees import Tree
from .history import History, chain
from .renames import Renames
from .structured.python_imports import bound_names

__all__ = ["MovedImport", "find_moved_imports"]


@dataclass(frozen=True)
class MovedImport:
    """A line that imports what is no longer there: `written` is what it says, `instead` what to write."""

    path: str
    line: int
    written: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.written} -> {self.instead}"


def find_moved_imports(
    paths: Iterable[str], after: Mapping[str, bytes], base: Tree, theirs: Tree, history: History, renames: Renames
) -> list[MovedImport]:
    """The lines to change in the user's modules at `paths`.

    Those that the template dropped are left out: they have to go themselves.
    after: the content of all modules of the project after the update, by path.
    """
    gone = {_dotted(path): _dotted(renames.successor(path)) for path in renames.dropped if path not in after}
    lookup = _Lookup(gone, history.names, after, base, theirs)
    origins = {new: old for old, new in renames.files.items()}
    users = sorted(set(paths) - set(renames.dropped))
    return [found for path in users for found in _in_module(path, origins.get(path, path), after[path], lookup)]


@dataclass(frozen=True)
class _Lookup:
    """gone: the new names of modules by the old ones, "" for none. names: those of what modules define."""

    gone: Mapping[str, str]
    names: Mapping[str, str]
    after: Mapping[str, bytes]
    base: Tree
    theirs: Tree

    def new_name(self, name: str) -> str | None:
        """Where a module, or what one defines, is now; "" for nowhere, None for what has not moved."""
        if name in self.gone:
            return self.gone[name]
        module, _, last = name.rpartition(".")
        if module in self.gone:
            new = self.gone[module]
            otherwise = f"{new}.{last}" if new and self.has(new, last) else ""
        else:
            file = self.base.get(_path(module, self.base))
            if file is None or last not in (_defined(file.content) or ()) or self.has(module, last):
                return None
            otherwise = ""
        return chain(name, self.names)[-1] if name in self.names else otherwise

    def has(self, module: str, name: str) -> bool:
        """Whether a package has a module of that name after the update, or a module may define it."""
        defined = _defined(self.after.get(_path(module, self.after), b""))
        return defined is None or name in defined or bool(_path(f"{module}.{name}", self.after))

    @cached_property
    def internal(self) -> Collection[str]:
        """The modules that the rules of the project's linter keep owners from importing."""
        try:
            settings = tomllib.loads(self.theirs["pyproject.toml"].content.decode())
            banned: dict[str, object] = settings["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
        except (KeyError, TypeError, ValueError):
            return ()
        return banned

    def is_internal(self, name: str) -> bool:
        """Whether it is one of these modules, or in one."""
        return any(name == module or name.startswith(f"{module}.") for module in self.internal)


@cache
def _defined(content: bytes) -> frozenset[str] | None:
    """The names that a module binds; None for what is no Python, as with conflicts in it."""
    try:
        return frozenset(bound_names(ast.parse(content)))
    except NO_PYTHON:
        return None


def _in_module(path: str, origin: str, content: bytes, lookup: _Lookup) -> Iterator[MovedImport]:
    """The lines of one module; `origin`: where it was before, which its relative imports may be written for."""
    try:
        tree = ast.parse(content)
    except NO_PYTHON:
        return
    package, former = _package(path), _package(origin)
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom():
                instead = _instead(node, package, former, lookup)
            case ast.Import():
                instead = [
                    f"import {new}{f' as {alias.asname}' if alias.asname else ''}" if new else f"{alias.name} is gone"
                    for alias in node.names
                    if (new := lookup.new_name(alias.name)) is not None
                ]
            case ast.Constant(value=str(text)) if (new := _of_text(text, lookup)) is not None:
                instead = [f'"{new}"' if new else f"{text} is gone"]
            case _:
                continue
        if instead:
            yield MovedImport(path, node.lineno, ast.unparse(node), "; ".join(instead))


def _of_text(text: str, lookup: _Lookup) -> str | None:
    """The new form of a dotted name in a text, as `monkeypatch.setattr` takes it: the longest part of it that moved."""
    parts = text.split(".")
    # A queue on the broker has a name of two parts.
    if len(parts) < 3 or not all(part.isidentifier() for part in parts):
        return None
    for length in range(len(parts), 1, -1):
        new = lookup.new_name(".".join(parts[:length]))
        if new is not None:
            return ".".join([new, *parts[length:]]) if new else ""
    return None


def _instead(node: ast.ImportFrom, package: list[str], former: list[str], lookup: _Lookup) -> list[str]:
    """The statements in place of one; nothing if all that it imports is where it was."""
    statements: dict[str, list[str]] = {}
    lost = []
    moved = False
    for alias in node.names:
        module = _imported_from(node, package)
        if package != former and node.level and not lookup.has(module, alias.name):
            module = _imported_from(node, former)
        new = lookup.new_name(f"{module}.{alias.name}")
        if alias.name == "*" and module in lookup.gone:
            new = f"{lookup.gone[module]}.*" if lookup.gone[module] else ""
        moved = moved or new is not None
        if new == "":
            lost.append(f"{module}.{alias.name} is gone")
            continue
        origin, _, name = (new or f"{module}.{alias.name}").rpartition(".")
        bound = alias.asname or alias.name
        statements.setdefault(origin, []).append(name if name in (bound, "*") else f"{name} as {bound}")
    if not moved:
        return []
    return [_from(origin, names, node.level, package, lookup) for origin, names in statements.items()] + lost


def _imported_from(node: ast.ImportFrom, package: list[str]) -> str:
    above = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])


def _from(origin: str, names: list[str], level: int, package: list[str], lookup: _Lookup) -> str:
    internal = [name for name in names if lookup.is_internal(f"{origin}.{name}")]
    note = " (internal to the runtime: it may change in any release)" if internal else ""
    if level:
        target, shared = origin.split("."), 0
        while shared < min(len(target), len(package)) and target[shared] == package[shared]:
            shared += 1
        if shared:
            origin = "." * (len(package) - shared + 1) + ".".join(target[shared:])
    return f"from {origin} import {', '.join(names)}{note}"


def _package(path: str) -> list[str]:
    """The package that the relative imports of a module begin with."""
    parts = _dotted(path).split(".")
    return parts if path.endswith("/__init__.py") else parts[:-1]


def _dotted(path: str) -> str:
    """The name by which a module is imported."""
    return path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _path(module: str, files: Collection[str]) -> str:
    plain = module.replace(".", "/")
    places = (f"{top}{plain}{end}" for top in ("src/", "") for end in (".py", "/__init__.py"))
    return next((place for place in places if place in files), "")
