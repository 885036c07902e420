"""What a class has from its bases."""

import ast

from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module

__all__ = ["ClassHierarchy"]

_MOST = 40


class ClassHierarchy:
    """How a name is resolved is for a subclass to say."""

    def resolve(self, module: Module, expr: ast.expr, depth: int = 0) -> Symbol | None:
        raise NotImplementedError

    def class_attribute(self, symbol: Symbol, attr: str) -> Symbol | None:
        """A class's attribute, its own or inherited within the project."""
        for module, node in self.hierarchy(symbol):
            found = module.names(node).get(attr)
            if found:
                for binding in found:
                    if binding.kind == "def":
                        return Symbol(f"{module.name}.{node.name}.{attr}", module, binding.node)
                    if binding.kind == "value" and isinstance(binding.target, ast.expr):
                        return Symbol(f"{module.name}.{node.name}.{attr}", module, binding.target)
        return None

    def hierarchy(self, symbol: Symbol) -> list[tuple[Module, ast.ClassDef]]:
        """The class and its bases within the project, nearest first."""
        found: dict[ast.ClassDef, Module] = {}
        queue = [symbol]
        while queue and len(found) < _MOST:
            _, module, node = queue.pop(0)
            if module is None or not isinstance(node, ast.ClassDef) or node in found:
                continue
            found[node] = module
            for base in node.bases:
                resolved = self.resolve(module, _unsubscripted(base))
                if resolved is not None:
                    queue.append(resolved)
        return [(module, node) for node, module in found.items()]

    def bases(self, symbol: Symbol) -> set[str]:
        """The dotted names of all bases, those outside the project included."""
        found: set[str] = set()
        for module, node in self.hierarchy(symbol):
            found.add(f"{module.name}.{node.name}")
            for base in node.bases:
                resolved = self.resolve(module, _unsubscripted(base))
                found.add(resolved.name if resolved else "?")
        return found

    def outside_bases(self, symbol: Symbol) -> set[str]:
        """The dotted names of those bases that are no class of the project."""
        return self.bases(symbol) - {f"{module.name}.{node.name}" for module, node in self.hierarchy(symbol)}


def _unsubscripted(expr: ast.expr) -> ast.expr:
    return expr.value if isinstance(expr, ast.Subscript) else expr
