"""One Python file, parsed once.

What a module offers to others is read from its top level; what happens inside of it is indexed in one walk, and only
when somebody asks.
"""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from asyncgen.check.source.binder import Bindings
from asyncgen.check.source.index import Index
from asyncgen.check.source.path_kinds import Kind
from asyncgen.check.source.syntax import SCOPES, Function, Scope
from asyncgen.check.source.top_level import TopLevel

__all__ = ["Module"]


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
    def index(self) -> Index:
        return Index(self.tree, self.name, self.is_package)

    @cached_property
    def top_level(self) -> TopLevel:
        return TopLevel(self.tree, self.name, self.is_package)

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
        return self.top_level.stars

    def names(self, scope: Scope) -> Bindings:
        """What is bound in a scope. For the module itself no walk is needed."""
        if scope is self.tree and "index" not in self.__dict__:
            return self.top_level.bindings
        return self.index.bindings.get(scope, {})

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def text_of(self, node: ast.stmt) -> str:
        """The lines of a statement: a look into them tells what no walk through it would find."""
        return "\n".join(self.lines[node.lineno - 1 : node.end_lineno])

    def calls_in(self, node: ast.stmt) -> list[ast.Call]:
        """The calls on the lines of a statement, without a walk through it."""
        first, last = node.lineno, node.end_lineno or node.lineno
        return [call for call in self.calls if first <= call.lineno <= last]

    def statement_at(self, position: int) -> ast.AST:
        """The statement of the module or of a class in it, a function for one, that holds a place of the text."""
        line = self.text.count("\n", 0, position) + 1
        found: ast.Module | ast.stmt = self.tree
        while isinstance(found, ast.Module | ast.ClassDef):
            within = [s for s in found.body if _first_line(s) <= line <= (s.end_lineno or 0)]
            if not within:
                break
            found = within[0]
        return found

    def mentions(self, pattern: re.Pattern[str]) -> bool:
        """Whether code matches, not just a comment or a docstring."""
        return any(not self._is_prose(match.start()) for match in pattern.finditer(self.text))

    def _is_prose(self, position: int) -> bool:
        start = self.text.rfind("\n", 0, position) + 1
        before = self.text[start:position]
        if any(_is_outside_quotes(before[:at]) for at, letter in enumerate(before) if letter == "#"):
            return True
        line = self.text.count("\n", 0, position) + 1
        return any(first <= line <= last for first, last in self._docstrings)

    @cached_property
    def _docstrings(self) -> list[tuple[int, int]]:
        """The first and last lines of texts that stand alone."""
        owners = [self.tree, *self.functions, *self.classes]
        texts = [
            s for owner in owners for s in owner.body if isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)
        ]
        return [(text.lineno, text.end_lineno or text.lineno) for text in texts]

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope in which a node is evaluated: the decorators, defaults and annotations of a function are in the one
        around it, and so is the function itself.
        """
        parents = self.parents
        child, current = node, parents.get(node)
        while current is not None:
            if isinstance(current, SCOPES) and _is_body(child, current):
                return current
            child, current = current, parents.get(current)
        return self.tree

    def scopes_from(self, node: ast.AST) -> list[Scope]:
        """The scopes that a name at `node` is looked up in, innermost first."""
        scope = self.scope_of(node)
        if scope not in self._outer:
            around = scope
            self._outer[scope] = outer = [scope]
            while not isinstance(around, ast.Module):
                around = self.scope_of(around)
                if not isinstance(around, ast.ClassDef):
                    outer.append(around)
        return self._outer[scope]

    @cached_property
    def _outer(self) -> dict[Scope, list[Scope]]:
        """The scopes in which the names of a scope are looked up."""
        return {}

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


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _is_outside_quotes(before: str) -> bool:
    return not before.count('"') % 2 and not before.count("'") % 2


def _is_body(child: ast.AST, scope: ast.AST) -> bool:
    return isinstance(child, ast.stmt) or (isinstance(scope, ast.Lambda) and child is scope.body)
