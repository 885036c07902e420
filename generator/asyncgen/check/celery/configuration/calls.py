"""Calls whose arguments are settings: `conf.update(...)`, `config_from_object(...)`."""

import ast

from asyncgen.check.celery.configuration.settings import Settings
from asyncgen.check.celery.configuration.sources import Sources
from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.values import literal
from asyncgen.check.source.module import Module

__all__ = ["ConfigurationCalls"]


class ConfigurationCalls:
    """Reads what they are given into the settings."""

    def __init__(self, project: PythonProject, settings: Settings) -> None:
        self.project = project
        self.settings = settings
        self.sources = Sources(project, settings)

    def update(self, module: Module, call: ast.Call) -> None:
        for argument in call.args:
            self.sources.read(module, argument, "")
            self.settings.incomplete |= _is_filled(module, argument)
        for keyword in call.keywords:
            if keyword.arg is None:
                self.sources.read(module, keyword.value, "")
            else:
                self.settings.add(keyword.arg, keyword.arg, keyword.value, module, keyword)

    def from_object(self, module: Module, call: ast.Call) -> None:
        keywords = {k.arg: k.value for k in call.keywords}
        source = call.args[0] if call.args else keywords.get("obj")
        namespace_expr = keywords.get("namespace") or (call.args[3] if len(call.args) > 3 else None)
        namespace_expr = namespace_expr or self._of_application(module, call)
        namespace = ""
        if namespace_expr is not None:
            value = literal(self.project.names, module, namespace_expr)
            namespace = value if isinstance(value, str) else ""
        if source is None:
            self.settings.incomplete = True
            return
        self.sources.read(module, source, namespace.upper())

    def _of_application(self, module: Module, call: ast.Call) -> ast.expr | None:
        """`Celery(namespace="CELERY")`, which holds where `config_from_object` says nothing of its own."""
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        symbol = self.project.names.resolve(module, owner) if owner is not None else None
        made = symbol.node if symbol is not None else None
        keywords = made.keywords if isinstance(made, ast.Call) else []
        return next((k.value for k in keywords if k.arg == "namespace"), None)


def _is_filled(module: Module, expr: ast.expr) -> bool:
    """Whether the function around a dict's name puts what none can see into it: `config.update(extra)`."""
    function = module.function_of(expr)
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "update"
        and isinstance(call.func.value, ast.Name)
        and isinstance(expr, ast.Name)
        and call.func.value.id == expr.id
        and module.function_of(call) is function
        and any(isinstance(argument, ast.Name | ast.Attribute) for argument in call.args)
        for call in module.calls
    )
