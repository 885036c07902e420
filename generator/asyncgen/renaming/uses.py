"""The edits of one file in which a task is used, and the lines that a person has to look at."""

import ast
import re

from .exports import Targets, renamed_scopes
from .scopes import Scope, Scopes
from .source import Edits

__all__ = ["Uses"]

_BY_NAME = {"setattr", "getattr", "hasattr", "delattr", "object"}
"""Functions that take an object and the name of its attribute: Python's own, those of monkeypatch, `patch.object`."""
_SENDS = {"send_task", "signature"}
"""Celery's functions that take a task's name on the wire."""
_IMPORTS = {"import_module", "__import__"}


class Uses:
    """What becomes of one file: `edits` of what is certain, `advice` by line on what is not."""

    def __init__(self, scopes: Scopes, old: str, new: str, targets: Targets) -> None:
        self.scopes, self.source = scopes, scopes.source
        self.old, self.new, self.targets = old, new, targets
        self.renamed = renamed_scopes(scopes, old, new, targets)
        self.edits = Edits()
        self.advice: dict[int, str] = {}
        nodes = list(ast.walk(self.source.tree))
        # Texts that stand alone are documentation.
        self._certain: set[ast.expr] = {node.value for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            self._node(node)
        for name, place in scopes.names.items():
            if name.id == old and scopes.owner(old, place) in self.renamed:
                self._replace(name, self.source.span(name)[0], old, new)
        for scope in self.renamed:
            self._definitions(scope)
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in self._certain:
                self._text(node, node.value)

    def _node(self, node: ast.AST) -> None:
        match node:
            case ast.Import():
                for alias in node.names:
                    self._alias(node, alias, alias.name)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.Attribute(attr=attr) if (new := self._new(self.scopes.path(node))) is not None:
                self._replace(node, self.source.span(node)[1] - len(attr), attr, new)
            case ast.Call():
                self._call(node)
            case ast.keyword(arg="name" | "aliases", value=value):
                self._certain.update(each for each in ast.walk(value) if isinstance(each, ast.expr))
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                self._public(value)
            case ast.AugAssign(target=ast.Name(id="__all__"), value=value):
                self._public(value)
            case ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value):
                self._public(value)

    # ---- imports ----

    def _import_from(self, node: ast.ImportFrom) -> None:
        origin = self.scopes.imported_from(node)
        new = self._dotted(origin)
        if node.module and new != origin:
            after = ".".join(new.split(".")[-len(node.module.split(".")) :])
            head = re.compile(r"from\s*[.\s]*").match(self.source.text, self.source.span(node)[0])
            self._replace(node, head.end() if head else 0, node.module, after)
        for alias in node.names:
            if alias.name == "*":
                if f"{origin}.{self.old}" in self.targets and self._names_unbound():
                    self._look(node, f"name what it imports: {self.old} is {self.new} now")
            else:
                self._alias(node, alias, f"{origin}.{alias.name}")

    def _alias(self, node: ast.Import | ast.ImportFrom, alias: ast.alias, full: str) -> None:
        """One name of an import, `full` in all; the name that it is bound to stays where the new one is taken."""
        new = self._dotted(full)
        if new == full:
            return
        parts = alias.name.count(".") + 1
        after = ".".join(new.split(".")[-parts:])
        bound = alias.asname or (alias.name if isinstance(node, ast.ImportFrom) else "")
        if bound == self.old and self._is_renamed_in(node):
            bound = self.new
        start, end = self.source.span(alias)
        before = self.source.text[start:end]
        repeats = alias.asname == alias.name
        as_before = f" as {bound}" if bound not in ("", after) or repeats else ""
        if re.fullmatch(rf"{re.escape(alias.name)}(\s+as\s+{alias.asname})?", before):
            self.edits.replace(self.source, start, before, after + as_before)
        else:
            self._look(node, f"import {new} here")

    def _is_renamed_in(self, node: ast.Import | ast.ImportFrom) -> bool:
        """Whether the scope that an import binds its names in is one of those with the new name."""
        return self.scopes.imports[node] in self.renamed

    def _names_unbound(self) -> bool:
        names = self.scopes.names.items()
        return any(name.id == self.old and self.scopes.owner(self.old, place) is None for name, place in names)

    # ---- names, attributes and texts ----

    def _definitions(self, scope: Scope) -> None:
        for bound in scope.bound[self.old]:
            if node := bound.definition:
                start = self.source.span(node)[0]
                head = re.compile(r"(async\s+)?def\s+").match(self.source.text, start)
                self._replace(node, head.end() if head else 0, self.old, self.new)

    def _call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        match node.args:
            case [owner, ast.Constant(value=str(text)) as constant, *_] if name in _BY_NAME:
                base = self.scopes.path(owner)
                if base and (new := self._new(f"{base}.{text}")) is not None and self._in_quotes(constant, text, new):
                    self._certain.add(constant)
            case [ast.Constant(value=str()) as constant, *_] if name in _SENDS:
                # The name on the wire stays.
                self._certain.add(constant)
            case [ast.JoinedStr() as computed, *_] if name in _IMPORTS and "tasks." in ast.unparse(computed):
                self._look(node, f"see whether it imports {self.old}, which is {self.new} now")

    def _public(self, value: ast.expr) -> None:
        """A name of `__all__`."""
        new = self._new(f"{self.source.module}.{self.old}")
        for node in value.elts if isinstance(value, ast.List | ast.Tuple) else ():
            if isinstance(node, ast.Constant) and node.value == self.old and new is not None:
                self._in_quotes(node, self.old, new)

    def _in_quotes(self, node: ast.Constant, text: str, new: str) -> bool:
        start, end = self.source.span(node)
        quoted = self.source.text[start:end]
        return quoted[1:-1] == text and self.edits.replace(self.source, start, quoted, quoted[0] + new + quoted[0])

    def _text(self, node: ast.Constant, text: str) -> None:
        """A dotted name in a text, as `monkeypatch.setattr` and `import_module` take it, or in code."""
        for target, new in self.targets.items():
            package, _, last = target.rpartition(".")
            if found := re.search(rf"(?<![\w.]){re.escape(target)}(?!\w)(\.\w+)*", text):
                self._look(node, f"{found[0]} -> {self._dotted(found[0])}, if it names the code and not the message")
            elif found := re.search(rf"\b{re.escape(package)}\s+import\s[^\n]*?\b{last}\b", text):
                self._look(node, f"{found[0]} -> {found[0].removesuffix(last)}{new}")

    # ---- what becomes of it ----

    def _new(self, path: str) -> str | None:
        """The last part that a dotted name has afterwards; None for one that stays."""
        return self.targets.get(path) if path else None

    def _dotted(self, path: str) -> str:
        """A dotted name as it is afterwards."""
        parts = path.split(".")
        beginnings = (".".join(parts[: number + 1]) for number in range(len(parts)))
        return ".".join(self.targets.get(beginning, part) for beginning, part in zip(beginnings, parts, strict=True))

    def _replace(self, node: ast.expr | ast.stmt, start: int, before: str, after: str) -> None:
        if not self.edits.replace(self.source, start, before, after):
            self._look(node, f"{before} -> {after}")

    def _look(self, node: ast.expr | ast.stmt, what: str) -> None:
        self.advice.setdefault(node.lineno, what)
