"""One Python file, parsed once.

What a module offers to others is read from its top level; what happens inside of it is indexed in one walk, and only
when somebody asks.
"""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from asyncgen.check.index import Index, Surface

__all__ = ["Binding", "Function", "Module", "Scope", "kind_of_path", "last_name"]

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Scope: TypeAlias = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
Kind = Literal["code", "test", "command", "script", "migration"]

_SCOPES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_TEST_FILE = re.compile(r"(test|tests|conftest|test_.*|.*_tests?|testing|testutils|factories|fixtures)\.py$")
_TEST_FOLDER = re.compile(r"^(tests?|testing|.*[_-]tests?|_?tests?[_-].*|testutils|t|unittests?)$")
_SCRIPT_FOLDERS = {"scripts", "script", "bin", "tools", "examples", "example", "benchmarks", "docs"}


def kind_of_path(relative: PurePosixPath) -> Kind:
    """What a file is for, judged from its path below the project's root."""
    folders = [part.lower() for part in relative.parts[:-1]]
    if _TEST_FILE.match(relative.name.lower()) or any(_TEST_FOLDER.match(f) for f in folders):
        return "test"
    if "commands" in folders and "management" in folders:
        return "command"
    if "migrations" in folders or "alembic" in folders:
        return "migration"
    if _SCRIPT_FOLDERS & set(folders) or relative.name in {"setup.py", "fabfile.py", "manage.py"}:
        return "script"
    return "code"


def last_name(expr: ast.expr) -> str:
    """The last part of a dotted name, or the empty string."""
    if isinstance(expr, ast.Attribute):
        return expr.attr
    return expr.id if isinstance(expr, ast.Name) else ""


@dataclass(frozen=True, slots=True)
class Binding:
    """One way in which a name gets its meaning in a scope.

    `target` is a dotted name (imports), the expression assigned, looped over or entered, or the
    annotation of a parameter.
    """

    kind: Literal["import", "value", "def", "param", "loop", "with", "other"]
    node: ast.AST
    target: str | ast.expr | None = None


@dataclass(eq=False)
class Module:
    path: Path
    shown: str
    name: str
    is_package: bool
    kind: Kind
    text: str
    tree: ast.Module

    @cached_property
    def index(self) -> "Index":
        from asyncgen.check.index import Index

        return Index(self)

    @cached_property
    def surface(self) -> "Surface":
        from asyncgen.check.index import Surface

        return Surface(self)

    @property
    def calls(self) -> list[ast.Call]:
        return self.index.calls

    @property
    def functions(self) -> list[Function]:
        return self.index.functions

    @property
    def classes(self) -> list[ast.ClassDef]:
        return self.index.classes

    @property
    def parents(self) -> dict[ast.AST, ast.AST]:
        return self.index.parents

    @property
    def stars(self) -> list[str]:
        """The modules of `from x import *`."""
        return self.surface.stars

    def names(self, scope: Scope) -> dict[str, list[Binding]]:
        """What is bound in a scope. For the module itself no walk is needed."""
        if scope is self.tree and "index" not in self.__dict__:
            return self.surface.bindings
        return self.index.bindings.get(scope, {})

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope in which a node stands; a function stands in the scope around it."""
        current = self.parents.get(node)
        while current is not None:
            if isinstance(current, _SCOPES):
                return current
            current = self.parents.get(current)
        return self.tree

    def scopes_from(self, node: ast.AST) -> list[Scope]:
        """The scopes that a name at `node` is looked up in, innermost first."""
        found: list[Scope] = []
        scope: Scope = self.scope_of(node)
        while True:
            if not found or not isinstance(scope, ast.ClassDef):
                found.append(scope)
            if isinstance(scope, ast.Module):
                return found
            scope = self.scope_of(scope)

    def function_of(self, node: ast.AST) -> Function | None:
        """The function (not the lambda) around a node."""
        current = self.parents.get(node)
        while current is not None:
            if isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
                return current
            current = self.parents.get(current)
        return None

    def class_of(self, function: ast.AST) -> ast.ClassDef | None:
        """The class whose body a method stands in."""
        parent = self.parents.get(function)
        while isinstance(parent, ast.If | ast.Try):
            parent = self.parents.get(parent)
        return parent if isinstance(parent, ast.ClassDef) else None

    def ancestors(self, node: ast.AST) -> list[ast.AST]:
        found = []
        current = self.parents.get(node)
        while current is not None:
            found.append(current)
            current = self.parents.get(current)
        return found
