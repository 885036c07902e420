"""Calls whose arguments are settings: `conf.update(...)`, `config_from_object(...)`."""

import ast

from asyncgen.check.configuration import Configuration
from asyncgen.check.configuration_sources import Sources
from asyncgen.check.project import Project
from asyncgen.check.source import Module
from asyncgen.check.values import literal

__all__ = ["ConfigurationCalls"]


class ConfigurationCalls:
    """Reads what they are given into the configuration."""

    def __init__(self, project: Project, configuration: Configuration) -> None:
        self.project = project
        self.configuration = configuration
        self.sources = Sources(project, configuration)

    def update(self, module: Module, call: ast.Call) -> None:
        for argument in call.args:
            self.sources.read(module, argument, "")
        for keyword in call.keywords:
            if keyword.arg is None:
                self.sources.read(module, keyword.value, "")
            else:
                self.configuration.add(keyword.arg, keyword.arg, keyword.value, module, keyword)

    def from_object(self, module: Module, call: ast.Call) -> None:
        keywords = {k.arg: k.value for k in call.keywords}
        source = call.args[0] if call.args else keywords.get("obj")
        namespace_expr = keywords.get("namespace") or (call.args[3] if len(call.args) > 3 else None)
        namespace = ""
        if namespace_expr is not None:
            value = literal(self.project.names, module, namespace_expr)
            namespace = value if isinstance(value, str) else ""
        if source is None:
            self.configuration.incomplete = True
            return
        self.sources.read(module, source, namespace.upper())
