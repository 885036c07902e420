"""What a module binds at its top level, read from its source."""

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Bindings", "FromImport", "ModuleImport", "read_bindings"]


@dataclass(frozen=True)
class FromImport:
    """`from module import name`, the module by its absolute name."""

    module: str
    name: str


@dataclass(frozen=True)
class ModuleImport:
    """`import module`."""

    module: str


@dataclass(frozen=True)
class Bindings:
    """By name, what a module binds it to, once for each place: an import, a definition, the value assigned.

    None stands for a value that no single expression gives, such as a part of a tuple.
    stars: the modules of which it imports everything. by_code: whether it binds names that its text does not have.
    """

    names: dict[str, list[FromImport | ModuleImport | ast.AST | None]]
    stars: list[str]
    by_code: bool

    @property
    def dynamic(self) -> bool:
        """Whether the module may have other names than these, those of the stars aside."""
        return self.by_code or "__getattr__" in self.names


def read_bindings(module: str, file: Path) -> Bindings | None:
    """The bindings of a module by its absolute name; None where its file is no Python, or too deeply nested."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _bindings(ast.parse(file.read_bytes()), package)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bindings(tree: ast.Module, package: str) -> Bindings:
    found = Bindings(defaultdict(list), [], _binds_by_code(tree))
    for node in _statements(tree.body):
        _bind(node, package, found)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            for name in node.names:
                found.names[name].append(None)
    return found


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The statements that run when the module is imported, those of all branches."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "handlers", "cases", "orelse", "finalbody"):
                yield from _statements(getattr(node, field, ()))


def _bind(node: ast.AST, package: str, found: Bindings) -> None:
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            found.names[node.name].append(node)
        case ast.Import(names=aliases):
            for alias in aliases:
                top = alias.name.partition(".")[0]
                found.names[alias.asname or top].append(ModuleImport(alias.name if alias.asname else top))
        case ast.ImportFrom(names=aliases):
            origin = _origin(node, package)
            for alias in aliases:
                if alias.name == "*":
                    found.stars.append(origin)
                else:
                    found.names[alias.asname or alias.name].append(FromImport(origin, alias.name))
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _bind_target(target, value, found)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            _bind_target(target, value, found)
        case ast.For(target=target) | ast.AsyncFor(target=target):
            _bind_target(target, None, found)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                if item.optional_vars:
                    _bind_target(item.optional_vars, None, found)


def _bind_target(target: ast.expr, value: ast.expr | None, found: Bindings) -> None:
    if isinstance(target, ast.Name):
        found.names[target.id].append(value)
    else:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.names[node.id].append(None)


def _origin(node: ast.ImportFrom, package: str) -> str:
    """The absolute name of the module that is imported from."""
    above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    return ".".join([*above, *([node.module] if node.module else [])])


def _binds_by_code(tree: ast.Module) -> bool:
    """Whether a module binds names by exec, or in the dictionary of its names, or passes that to a function."""
    nodes = list(ast.walk(tree))
    aliases = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and _is_namespace(node.value, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="exec")) | ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
                return True
            case ast.Subscript(ctx=ast.Store(), value=owner) if _is_namespace(owner, aliases):
                return True
            case ast.Call(func=ast.Attribute(attr="update" | "setdefault" | "__setitem__", value=owner)) if (
                _is_namespace(owner, aliases)
            ):
                return True
            case ast.Call(args=arguments) if any(_is_namespace(argument, set()) for argument in arguments):
                return True
    return False


def _is_namespace(node: ast.expr, aliases: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="globals" | "locals" | "vars"), args=[]):
            return True
        case ast.Name(id=name):
            return name in aliases
    return False
