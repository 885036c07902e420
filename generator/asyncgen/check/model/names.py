"""What a name means, followed through imports, aliases, re-exports, classes and factories.

A symbol's dotted name is canonical: `app.task` of an `app = Celery()` that was imported under any alias is
`celery.Celery().task`. A call adds `()` to the name of what is called, so that an instance is never taken for
its class.
"""

import ast
import re
from functools import cached_property

from asyncgen.check.model.canonical_names import APPLICATION, CANONICAL
from asyncgen.check.model.instances import InstanceNames
from asyncgen.check.model.reaching_definitions import reaching_definitions
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.codebase import Codebase
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Binding, Function, is_none

__all__ = ["Names"]

_DEPTH = 12
#: What the class of an application's settings is called, or the function that gives them.
_OF_SETTINGS = re.compile(r"([sS]ettings|[cC]onfig\w*)$")


class Names(InstanceNames):
    """`deep` follows a name into every module of the project, parsing it if need be; otherwise it ends at modules
    that have never heard of Celery, which is as far as the names of libraries have to be followed.
    """

    def __init__(self, codebase: Codebase, deep: bool = True) -> None:
        super().__init__()
        self.codebase = codebase
        self.deep = deep
        self._cache: dict[ast.expr, Symbol | None] = {}

    @cached_property
    def shallow(self) -> "Names":
        """The same names, not `deep`."""
        return Names(self.codebase, deep=False) if self.deep else self

    def forget_shallow(self) -> None:
        """Modules turned out to have to do with Celery: names that ended at them may lead further."""
        self.shallow._cache.clear()

    def resolve(self, module: Module, expr: ast.expr, depth: int = 0) -> Symbol | None:
        if expr in self._cache:
            return self._cache[expr]
        if depth > _DEPTH:
            return None
        self._cache[expr] = None  # a name defined by itself has no meaning
        symbol = self._resolve(module, expr, depth + 1)
        self._cache[expr] = symbol
        return symbol

    def name(self, module: Module, expr: ast.expr) -> str:
        """The dotted name, or the empty string."""
        symbol = self.shallow.resolve(module, expr)
        return symbol.name if symbol else ""

    def _resolve(self, module: Module, expr: ast.expr, depth: int) -> Symbol | None:
        match expr:
            case ast.Name(id=name):
                return self._resolve_name(module, name, expr, depth)
            case ast.Attribute(value=value, attr=attr):
                if isinstance(value, ast.Name) and value.id in {"self", "cls"}:
                    own = self._own_attribute(module, expr, attr, depth)
                    if own is not None:
                        return own
                base = self.resolve(module, value, depth)
                return self._attribute(base, attr, module, depth) if base else None
            case ast.Call(func=func):
                return self._call(module, expr, func, depth)
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.resolve(module, value, depth)
            case ast.BoolOp(values=[*_, last]):
                return self.resolve(module, last, depth)
        return None

    # ---- names ----

    def bindings(self, module: Module, name: str, at: ast.AST) -> list[Binding]:
        for scope in module.scopes_from(at):
            found = module.names(scope).get(name)
            if found:
                return reaching_definitions(module, scope, found, at) if len(found) > 1 else found
        return []

    def _resolve_name(self, module: Module, name: str, at: ast.AST, depth: int) -> Symbol | None:
        found = self.bindings(module, name, at)
        if not found:
            return self._star(module, name, depth) or Symbol(f"builtins.{name}")
        return self._bound(module, name, found, depth)

    def _bound(self, module: Module, name: str, found: list[Binding], depth: int) -> Symbol | None:
        for binding in found:
            if binding.kind == "import" and isinstance(binding.target, str):
                return self.canonical(binding.target, module, depth)
        defined = [binding for binding in found if binding.kind == "def"]
        if defined:
            return Symbol(f"{module.name}.{name}", module, defined[-1].node)
        values = [b.target for b in found if b.kind == "value" and isinstance(b.target, ast.expr)]
        values = [v for v in values if not is_none(v)]
        if values and len(values) == sum(b.kind != "other" for b in found if not is_none(b.target)):
            target = values[0]
            if isinstance(target, ast.Name | ast.Attribute | ast.Call):
                symbol = self.resolve(module, target, depth)
                if isinstance(target, ast.Call) and _treated_as_app(module, name):
                    return Symbol(APPLICATION, module, target)
                if symbol is not None:
                    return symbol
            return Symbol(f"{module.name}.{name}", module, target)
        return self.given(module, found[0], depth) if [binding.kind for binding in found] == ["param"] else None

    def _star(self, module: Module, name: str, depth: int) -> Symbol | None:
        for source in module.stars:
            symbol = self.canonical(f"{source}.{name}", module, depth)
            if symbol and symbol.node is not None:
                return symbol
        return None

    def canonical(self, dotted: str, near: Module, depth: int = 0) -> Symbol | None:
        """Follows a dotted name into the project, through every re-export."""
        if depth > _DEPTH:
            return None
        parts = dotted.split(".")
        for cut in range(len(parts), 0, -1):
            prefix = ".".join(parts[:cut])
            if not self.codebase.has_module(prefix):
                continue
            if not self.deep and not self.codebase.may_pass_on_celery(prefix):
                return Symbol(dotted)
            module = self.codebase.module(prefix, near.path)
            if module is None or (module is near and cut == len(parts) == 1):
                continue
            symbol: Symbol | None = Symbol(module.name, module, None)
            for attr in parts[cut:]:
                symbol = self._attribute(symbol, attr, near, depth + 1) if symbol else None
            return symbol
        return Symbol(CANONICAL.get(dotted, dotted))

    # ---- attributes ----

    def _attribute(self, base: Symbol, attr: str, near: Module, depth: int) -> Symbol | None:
        if base.module is not None and base.node is None:
            found = base.module.names(base.module.tree).get(attr)
            if found:
                return self._bound(base.module, attr, found, depth)
            below = f"{base.module.name}.{attr}"
            inner = self.codebase.module(below, base.module.path)
            if inner is not None:
                return Symbol(inner.name, inner, None)
            star = self._star(base.module, attr, depth + 1) if depth < _DEPTH else None
            return star or Symbol(below)
        if isinstance(base.node, ast.ClassDef) and base.module is not None:
            found_in = self.class_attribute(base, attr)
            if isinstance(found_in, Symbol):
                return found_in
            return Symbol(f"{base.name}.{attr}")
        if base.node is not None and not isinstance(base.node, ast.Call):
            return None if not isinstance(base.node, Function) else Symbol(f"{base.name}.{attr}")
        dotted = f"{base.name}.{attr}"
        member = self._member(base, attr, depth)
        if member is None:
            return Symbol(CANONICAL.get(dotted, dotted))
        return member if member.name == APPLICATION else member._replace(name=dotted)

    def _member(self, base: Symbol, attr: str, depth: int) -> Symbol | None:
        """Of an object that a class of the project makes, a method or the application that it holds; of an object of
        settings what it is set to.
        """
        if base.module is None or not isinstance(base.node, ast.Call):
            return None
        made = self.resolve(base.module, base.node.func, depth)
        of_settings = made is not None and _OF_SETTINGS.search(made.name) is not None
        if of_settings and made is not None and isinstance(made.node, Function):
            made = self._class_of_returned(made, depth)
        found = self.class_attribute(made, attr) if made is not None else None
        if found is None and made is not None and made.module is not None and isinstance(made.node, ast.ClassDef):
            held = self.held(made.module, made.node, attr, depth)
            return held if held is not None and held.name == APPLICATION else None
        if found is None or not isinstance(found.node, Function):
            return found if of_settings else None
        match found.node:
            case ast.FunctionDef(
                decorator_list=[ast.Name(id="property")], body=[*_, ast.Return(value=ast.expr() as value)]
            ):
                return found._replace(node=value)
        return found

    def _class_of_returned(self, factory: Symbol, depth: int) -> Symbol | None:
        """The class of the object that a function makes in its last statement: `return Settings()`."""
        match factory.node:
            case ast.FunctionDef(body=[*_, ast.Return(value=ast.Call(func=func))]) if factory.module is not None:
                return self.resolve(factory.module, func, depth)
        return None

    def _own_attribute(self, module: Module, expr: ast.expr, attr: str, depth: int) -> Symbol | None:
        function = module.function_of(expr)
        owner = module.class_of(function) if function is not None else None
        if owner is None:
            return None
        found = self.class_attribute(Symbol(owner.name, module, owner), attr)
        if found is None:
            return self.held(module, owner, attr, depth)
        if found.module is None or not isinstance(found.node, ast.Call):
            return found
        made = self.resolve(found.module, found.node, depth)
        return made if made is not None and made.name == APPLICATION else found

    # ---- calls ----

    def _call(self, module: Module, call: ast.expr, func: ast.expr, depth: int) -> Symbol | None:
        callee = self.resolve(module, func, depth)
        if callee is None:
            return None
        if isinstance(callee.node, ast.ClassDef):
            celery = self.bases(callee) & _APP_CLASSES
            name = APPLICATION if celery else f"{callee.name}()"
            return Symbol(name, callee.module, call)
        if isinstance(callee.node, Function) and callee.module is not None:
            made = self._returned(callee.module, callee.node, depth)
            return made or Symbol(f"{callee.name}()", module, call)
        if callee.name in _APP_CLASSES:
            return Symbol(APPLICATION, module, call)
        return Symbol(f"{callee.name}()", module, call)

    def _returned(self, module: Module, function: ast.AST, depth: int) -> Symbol | None:
        """What a factory returns, where that is a Celery application."""
        if depth > _DEPTH - 4:
            return None
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                symbol = self.resolve(module, node.value, depth + 1)
                if symbol is not None and symbol.name == APPLICATION:
                    return symbol
        return None


def _treated_as_app(module: Module, name: str) -> bool:
    """Whether a module asks of a name what only a Celery application can do."""
    return f"{name}.autodiscover_tasks(" in module.text


_APP_CLASSES = {"celery.Celery", "flask_celery.Celery", "sentry_celery.Celery"}
