"""Which names of a module are exceptions, read from sources: nothing is imported.

A name is an exception (True), is none (False), or is unknown (None), as what a call or a compiled module makes.
"""

import ast
import builtins
from collections.abc import Iterable
from pathlib import Path

from .bindings import Bindings, FromImport, ModuleImport, read_bindings
from .modules import names_in, source_of

__all__ = ["Exceptions"]

_MOST_BYTES = 2**20
"""Of all the sources together: a project that is not trusted costs about a second at the most."""


class Exceptions:
    """The exceptions in the modules of some folders."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders
        self._bytes = 0
        self._modules: dict[str, Bindings | None] = {}
        self._kinds: dict[tuple[str, str], bool | None] = {}

    def names(self, module: str) -> list[str]:
        """The public names that a module is known to bind, sorted."""
        found = {name for bindings in self._with_stars(module).values() if bindings for name in bindings.names}
        return sorted(name for name in found if not name.startswith("_"))

    def kind(self, module: str, name: str) -> bool | None:
        """Whether a name of a module is an exception; False for a name that the module cannot have."""
        if (module, name) not in self._kinds:
            self._kinds[module, name] = None  # for a definition that leads back to itself
            kinds: list[bool | None] = []
            for origin, bindings in self._with_stars(module).items():
                if bindings is None or bindings.dynamic:
                    kinds.append(None)
                if bindings is not None:
                    kinds += [self._bound(node, origin, bindings) for node in bindings.names.get(name, ())]
            self._kinds[module, name] = _most_lenient(kinds)
        return self._kinds[module, name]

    def lacks(self, module: str) -> bool:
        """Whether a package above a module, or the module that stands in its place, is known not to have it."""
        parent, _, name = module.rpartition(".")
        if not parent:
            return False
        if self.lacks(parent):
            return True
        bindings, file = self._read(parent), source_of(parent, self._folders)
        if bindings is None or file is None or bindings.dynamic or "__path__" in bindings.names:
            return False
        return file.name != "__init__.py" or name not in names_in(file.parent)

    def _with_stars(self, module: str) -> dict[str, Bindings | None]:
        """A module and those that it imports everything of, with their bindings; None for one that cannot be read."""
        found: dict[str, Bindings | None] = {}
        todo = [module]
        while todo:
            if (name := todo.pop()) not in found:
                found[name] = bindings = self._read(name)
                todo += bindings.stars if bindings else []
        return found

    def _read(self, module: str) -> Bindings | None:
        if module not in self._modules:
            self._modules[module] = None
            if file := source_of(module, self._folders):
                self._bytes += file.stat().st_size
                if self._bytes <= _MOST_BYTES:
                    self._modules[module] = read_bindings(module, file)
        return self._modules[module]

    def _bound(self, node: FromImport | ModuleImport | ast.AST | None, module: str, bindings: Bindings) -> bool | None:
        match node:
            case FromImport(origin, name) if origin == module:
                # `from . import name` in a package: one of its modules.
                return False if self._read(f"{origin}.{name}") else None
            case FromImport(origin, name):
                return self.kind(origin, name)
            case ModuleImport() | ast.FunctionDef() | ast.AsyncFunctionDef():
                return False
            case ast.ClassDef(bases=bases, keywords=keywords, decorator_list=decorators):
                kind = _most_lenient(self._value(base, module, bindings) for base in bases)
                return None if kind is False and (keywords or decorators) else kind
            case ast.expr():
                return self._value(node, module, bindings)
        return None

    def _value(self, node: ast.expr, module: str, bindings: Bindings) -> bool | None:
        match node:
            case ast.Constant() | ast.List() | ast.Tuple() | ast.Dict() | ast.Set() | ast.JoinedStr():
                return False
            case ast.Subscript(value=value):
                return self._value(value, module, bindings)
            case ast.Name(id=name):
                found = getattr(builtins, name, None)
                if name not in bindings.names and isinstance(found, type):
                    return issubclass(found, Exception)
                return self.kind(module, name)
            case ast.Attribute(attr=name, value=owner):
                origin = _dotted(owner, bindings)
                return self.kind(origin, name) if origin else None
        return None


def _dotted(node: ast.expr, bindings: Bindings) -> str:
    """The absolute name of the module that an expression such as `x.y` may stand for, "" for none."""
    match node:
        case ast.Name(id=name):
            for bound in bindings.names.get(name, ()):
                if isinstance(bound, ModuleImport):
                    return bound.module
                if isinstance(bound, FromImport):
                    return f"{bound.module}.{bound.name}"
        case ast.Attribute(attr=attr, value=owner):
            above = _dotted(owner, bindings)
            return f"{above}.{attr}" if above else ""
    return ""


def _most_lenient(kinds: Iterable[bool | None]) -> bool | None:
    found = set(kinds)
    return True if True in found else None if None in found else False
