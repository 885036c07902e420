"""What an object is by the code that hands it on: an annotated parameter, an attribute that a class assigns once."""

import ast

from asyncgen.check.model.hierarchy import ClassHierarchy
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Binding, Function, is_none, last_name, without_none

__all__ = ["InstanceNames"]

_Stored = dict[tuple[ast.ClassDef, str], list[ast.expr]]


class InstanceNames(ClassHierarchy):
    def __init__(self) -> None:
        self._stored: dict[Module, _Stored] = {}

    def given(self, module: Module, binding: Binding, depth: int) -> Symbol | None:
        """The object of a parameter that is annotated with a class of the project: as `Class()` would make it."""
        annotation = binding.target
        while isinstance(annotation, ast.Subscript | ast.BinOp):
            annotation = _inner(annotation)
        if not isinstance(annotation, ast.Name | ast.Attribute):
            return None
        made = self.resolve(module, annotation, depth)
        if made is None or not isinstance(made.node, ast.ClassDef):
            return None
        return Symbol(f"{made.name}()", made.module, ast.Call(annotation, [], []))

    def held(self, module: Module, owner: ast.ClassDef, attr: str, depth: int) -> Symbol | None:
        """What the methods of a class, or of a base, put into `self.attr`, where that is but one thing."""
        for home, node in self.hierarchy(Symbol(owner.name, module, owner)):
            values = self._stored_in(home).get((node, attr), [])
            if values:
                return self.resolve(home, values[0], depth) if len(values) == 1 else None
        return None

    def _stored_in(self, module: Module) -> _Stored:
        if module not in self._stored:
            found = self._stored[module] = {}
            for store in module.index.stores:
                match store.targets[0] if isinstance(store, ast.Assign) else store.target:
                    case ast.Attribute(value=ast.Name(id="self"), attr=attr) if not is_none(store.value):
                        function = module.function_of(store)
                        owner = module.class_of(function) if isinstance(function, Function) else None
                        if owner is not None and store.value is not None:
                            found.setdefault((owner, attr), []).append(store.value)
        return self._stored[module]


def _inner(annotation: ast.Subscript | ast.BinOp) -> ast.expr | None:
    """`Orders` of `Orders | None`, `Optional[Orders]` and `Annotated[Orders, Depends(orders)]`."""
    match annotation:
        case ast.Subscript(value=outer, slice=ast.Tuple(elts=[inner, *_])) if last_name(outer) == "Annotated":
            return inner
    inner = without_none(annotation)
    return inner if inner is not annotation else None
