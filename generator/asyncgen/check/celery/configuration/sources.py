"""The objects that a configuration is read from: modules, classes, dicts, Django's settings, Flask's config."""

import ast

from asyncgen.check.celery.configuration.flask_config import FROM_OUTSIDE, is_of_flask, items_of_flask
from asyncgen.check.celery.configuration.setting_names import OLD_SETTINGS, SETTINGS
from asyncgen.check.celery.configuration.setting_places import (
    UPPER,
    bound_to_key,
    config_key,
    has_settings,
    is_dead,
    like_settings,
    looks_like_setting,
)
from asyncgen.check.celery.configuration.settings import Settings
from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["Sources"]


class Sources:
    """Reads each once. What cannot be followed makes the settings incomplete."""

    def __init__(self, project: PythonProject, settings: Settings) -> None:
        self.project = project
        self.settings = settings
        self._done: set[tuple[int, str]] = set()

    def read(self, module: Module, expr: ast.expr, namespace: str) -> None:
        if isinstance(expr, ast.Constant) and isinstance(expr.value, str):
            self._dotted_source(module, expr.value.replace(":", "."), namespace)
            return
        if isinstance(expr, ast.Dict):
            self._dict_source(module, expr, namespace)
            return
        if isinstance(expr, ast.Call) and self.project.names.name(module, expr.func) == "builtins.dict":
            for argument in expr.args:
                self.read(module, argument, namespace)
            for keyword in expr.keywords:
                if keyword.arg is not None:
                    self.settings.add(keyword.arg, keyword.arg, keyword.value, module, keyword, namespace)
                else:
                    self.read(module, keyword.value, namespace)
            return
        if isinstance(expr, ast.IfExp | ast.BoolOp) or (isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitOr)):
            for part in _parts(expr):
                self.read(module, part, namespace)
            return
        if isinstance(expr, ast.Attribute) and is_of_flask(expr):
            self._flask(module, expr.value)
            return
        key = config_key(expr)
        if key is not None:
            self._keyed_source(module, key, namespace)
            return
        symbol = self.project.names.resolve(module, expr)
        if symbol is not None and symbol.name.startswith("django.conf.settings"):
            rest = symbol.name.removeprefix("django.conf.settings").lstrip(".")
            if rest:
                self._keyed_source(module, rest, "")
            else:
                self._django(namespace)
            return
        if symbol is None or not self._symbol_source(symbol, namespace):
            self.settings.incomplete |= not self._classes_of((symbol and symbol.module) or module, namespace)

    def _classes_of(self, module: Module, namespace: str) -> bool:
        """One of a module's classes, chosen when it runs: `settings = CLASSES[os.environ["CONFIG"]]()`."""
        classes = [c for c in module.classes if any(name.startswith(f"{namespace}_") for name in module.names(c))]
        for owner in classes if namespace else ():
            self._scope_source(module, owner, namespace)
        return bool(namespace and classes)

    def _dotted_source(self, module: Module, dotted: str, namespace: str) -> None:
        if dotted == "django.conf.settings":
            self._django(namespace)
            return
        symbol = self.project.names.canonical(dotted, module)
        if symbol is None or not self._symbol_source(symbol, namespace):
            self.settings.incomplete = True

    def _symbol_source(self, symbol: Symbol, namespace: str) -> bool:
        names, module, node = self.project.names, symbol.module, symbol.node
        if module is None:
            return False
        mark = (id(node or module), namespace)
        if mark in self._done:
            return True
        self._done.add(mark)
        if node is None:
            self._scope_source(module, module.tree, namespace)
            for star in module.stars:
                self._dotted_source(module, star, namespace)
            return True
        if isinstance(node, ast.Call):
            callee = names.resolve(module, node.func)
            if callee is not None and callee.name == "builtins.dict":
                self.read(module, node, namespace)
                return True
            if callee is not None and isinstance(callee.node, Function) and callee.module is not None:
                return self._returned(callee.module, callee.node, namespace)
            if callee is not None and isinstance(callee.node, ast.ClassDef):
                symbol, node = callee, callee.node
        if isinstance(node, ast.ClassDef):
            for home, base in reversed(names.hierarchy(symbol)):
                self._scope_source(home, base, namespace)
            return True
        if isinstance(node, ast.Dict):
            self._dict_source(module, node, namespace)
            return True
        return False

    def _returned(self, module: Module, function: Function, namespace: str) -> bool:
        """What a function returns, if that is written where it returns it."""
        values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        for value in values:
            if value is None or not isinstance(value, ast.Dict | ast.Call):
                return False
            self.read(module, value, namespace)
        return bool(values)

    def read_module(self, module: Module) -> None:
        """The module that Celery reads unless it is told another."""
        self._scope_source(module, module.tree, "")

    def _scope_source(self, module: Module, scope: ast.Module | ast.ClassDef, namespace: str) -> None:
        for name, bindings in module.names(scope).items():
            for binding in bindings:
                if binding.kind == "value":
                    value = binding.target if isinstance(binding.target, ast.expr) else None
                    self._scoped(name, value, module, binding.node, namespace)
                elif binding.kind == "other" or (
                    isinstance(binding.node, Function) and isinstance(scope, ast.ClassDef)
                ):
                    self._scoped(name, None, module, binding.node, namespace)

    def _scoped(self, raw: str, value: ast.expr | None, module: Module, node: ast.AST, namespace: str) -> None:
        """A name of a module or class: only what has the form of a setting is one."""
        if namespace:
            if (raw.startswith(f"{namespace}_") and UPPER.match(raw)) or is_dead(raw):
                self._namespaced(raw, value, module, node, namespace)
            elif raw == namespace and has_settings(value):
                self.settings.add_dead(raw, value, module, node, namespace)
        elif raw.lower() in SETTINGS or raw in OLD_SETTINGS or looks_like_setting(raw):
            self.settings.add(raw, raw, value, module, node, "")

    def _namespaced(self, raw: str, value: ast.expr | None, module: Module, node: ast.AST, namespace: str) -> None:
        key = raw.removeprefix(f"{namespace}_")
        if key == raw or (raw in OLD_SETTINGS and key.lower() not in SETTINGS):
            self.settings.add_old(raw, value, module, node, namespace)
        else:
            self.settings.add(raw, key, value, module, node, namespace)

    def _dict_source(self, module: Module, node: ast.Dict, namespace: str) -> None:
        prefix = f"{namespace}_" if namespace else ""
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                raw = key.value
                if namespace and raw.startswith(prefix):
                    self._namespaced(raw, value, module, key, namespace)
                elif not namespace:
                    self.settings.add(raw, raw, value, module, key, namespace)
            elif key is None:
                self.read(module, value, namespace)
            else:
                self.settings.incomplete = True

    def _django(self, namespace: str) -> None:
        self.settings.namespaces.add(namespace)
        found = False
        prefix = f"{namespace}_" if namespace else "CELERY"
        for module in self.project.modules:
            if not like_settings(module):
                continue
            scopes: list[ast.Module | ast.ClassDef] = [module.tree, *module.classes]
            for scope in scopes:
                own = module.names(scope)
                if any(name.startswith(prefix) or name == "BROKER_URL" for name in own):
                    mark = (id(scope), namespace)
                    found = True
                    if mark not in self._done:
                        self._done.add(mark)
                        self._scope_source(module, scope, namespace)
        if not found:
            self.settings.incomplete = True

    def _flask(self, home: Module, application: ast.expr) -> None:
        """Flask's own configuration, from whatever class, module or item of the project. Celery reads what it knows."""
        made = self.project.names.resolve(home, application)
        texts = [module.text for module in self.project.modules]
        is_seen = (made is not None and made.module is not None) or any("Flask(" in text for text in texts)
        self.settings.incomplete |= not is_seen or any(map(FROM_OUTSIDE.search, texts))
        for module in self.project.modules:
            for raw, value, node in items_of_flask(module):
                if raw in OLD_SETTINGS or raw.lower() in SETTINGS:
                    self.settings.add(raw, raw, value, module, node)

    def _keyed_source(self, module: Module, key: str, namespace: str) -> None:
        """`app.config["CELERY"]`: the dict or class that the project binds to that key."""
        found = False
        for other in self.project.modules:
            for value in bound_to_key(other, key):
                found = True
                self.read(other, value, namespace)
        if not found:
            self.settings.incomplete = True


def _parts(expr: ast.IfExp | ast.BoolOp | ast.BinOp) -> list[ast.expr]:
    """The settings that a choice or a union may give: `extra or {}`, `base | extra`."""
    match expr:
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            return [one, other]
    return expr.values
