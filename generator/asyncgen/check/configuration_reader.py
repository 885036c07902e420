"""Where a project makes its Celery application, and what it says to it there."""

import ast
import re
from functools import cached_property

from asyncgen.check.configuration import App, Configuration
from asyncgen.check.configuration_calls import ConfigurationCalls
from asyncgen.check.lineage import Symbol
from asyncgen.check.project import Project
from asyncgen.check.source import Module, last_name

__all__ = ["read_configuration"]

_APP = "celery.Celery()"
_APP_CLASSES = {"celery.Celery"}
#: Position in `Celery(...)`, keyword, setting.
_POSITIONS = ((2, "backend", "result_backend"), (9, "broker", "broker_url"), (10, "include", "include"))
_APP_KEYWORDS = {
    "main", "loader", "amqp", "events", "log", "control", "set_as_current", "tasks", "changes",
    "config_source", "fixups", "task_cls", "autofinalize", "namespace", "strict_typing",
    "config_source_silent",
}  # fmt: skip


def read_configuration(project: Project) -> Configuration:
    configuration = Configuration(project)
    _Reader(project, configuration).read()
    return configuration


def _is_celerys_conf(expr: ast.expr) -> bool:
    """`celery.conf` of a `celery` that a function was given: it is configured, and none can tell with what."""
    return isinstance(expr, ast.Attribute) and expr.attr == "conf" and "celery" in last_name(expr.value).lower()


class _Reader:
    def __init__(self, project: Project, configuration: Configuration) -> None:
        self.project = project
        self.configuration = configuration
        self.calls = ConfigurationCalls(project, configuration)

    def read(self) -> None:
        for module in self.project.modules:
            for call in module.calls:
                self._call(module, call)
        for module in self.project.modules:
            if "conf" in module.text or ".Task" in module.text:
                for node in module.index.stores:
                    self._assignment(module, node)

    def _call(self, module: Module, call: ast.Call) -> None:
        names = self.project.names
        func = call.func
        last = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
        if last in {"update", "config_from_object", "add_defaults", "config_from_envvar"} and (
            isinstance(func, ast.Attribute)
        ):
            if last == "update" and last_name(func.value) not in {"conf", "config"}:
                return
            base = names.name(module, func.value)
            if last == "update" and not base and _is_celerys_conf(func.value):
                self.configuration.incomplete = True
            if last == "update" and base == f"{_APP}.conf":
                self.calls.update(module, call)
            elif base == _APP or (
                last == "config_from_object"
                and re.search(r"celery|\bapp\b", base, re.IGNORECASE)
                and base.endswith(("celery", "celery_app", "celery()", "app()"))
                and base != "flask.Flask()"
            ):
                if last == "config_from_object":
                    self.calls.from_object(module, call)
                elif last == "add_defaults":
                    self.calls.update(module, call)
                else:
                    self.configuration.incomplete = True
            return
        if last not in self._app_names:
            return
        symbol = self.project.near_names.resolve(module, call)
        if symbol is not None and symbol.name == _APP and symbol.node is call:
            self._app(module, call)

    @cached_property
    def _app_names(self) -> set[str]:
        """Under what names code may call Celery or a class derived from it: no other call is looked at."""
        found = {"Celery"}
        size = 0
        while size != len(found):
            size = len(found)
            for module in self.project.modules:
                for name, bindings in module.names(module.tree).items():
                    for binding in bindings:
                        target = binding.target if isinstance(binding.target, str) else ""
                        node = binding.node
                        if target.rpartition(".")[2] in found or (
                            isinstance(node, ast.ClassDef) and any(last_name(base) in found for base in node.bases)
                        ):
                            found.add(name)
        return found

    def _app(self, module: Module, call: ast.Call) -> None:
        if module.class_of(module.parents.get(call, call)):
            self.configuration.incomplete = True
        self.configuration.apps.append(App(module, call))
        keywords = {k.arg: k for k in call.keywords if k.arg is not None}
        if len(keywords) < len(call.keywords) or any(isinstance(a, ast.Starred) for a in call.args):
            self.configuration.incomplete = True
        for index, key, new in _POSITIONS:
            if key in keywords:
                self.configuration.add(key, new, keywords[key].value, module, keywords[key])
            elif len(call.args) > index:
                self.configuration.add(key, new, call.args[index], module, call.args[index])
        for key, keyword in keywords.items():
            if key in {"config_source", "changes"}:
                self.calls.sources.read(module, keyword.value, "")
            elif key == "task_cls":
                self._set_task_class(module, keyword.value)
            elif key and key not in _APP_KEYWORDS | {"broker", "backend", "include"}:
                self.configuration.add(key, key, keyword.value, module, keyword)
        self._app_class(module, call)

    def _app_class(self, module: Module, call: ast.Call) -> None:
        """What a subclass of Celery sets, and what class of task it makes."""
        names = self.project.names
        callee = names.resolve(module, call.func)
        if callee is None or not isinstance(callee.node, ast.ClassDef):
            if callee is None or callee.name not in _APP_CLASSES:
                self.configuration.incomplete = True
            return
        inherited = names.class_attribute(callee, "task_cls")
        if inherited is not None and inherited.module and isinstance(inherited.node, ast.expr):
            self._set_task_class(inherited.module, inherited.node)
        for home, node in names.lineage(callee):
            for inner in ast.walk(node):
                match inner:
                    case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr="Task")], value=value):
                        self._set_task_class(home, value)
                    case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="conf"))]):
                        self.configuration.incomplete = True
                    case ast.Call(
                        func=ast.Attribute(
                            value=ast.Attribute(value=ast.Name(id="self"), attr="conf"), attr="update" | "add_defaults"
                        )
                    ):
                        self.calls.update(home, inner)
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr="config_from_object")):
                        self.calls.from_object(home, inner)

    def _set_task_class(self, module: Module, value: ast.expr) -> None:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            self.configuration.task_class = self.project.names.canonical(value.value.replace(":", "."), module)
        else:
            self.configuration.task_class = self.project.names.resolve(module, value) or Symbol("?")

    def _assignment(self, module: Module, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target], value=value):
                pass
            case ast.AnnAssign(target=ast.Attribute() as target, value=ast.expr() as value):
                pass
            case _:
                return
        names = self.project.names
        if isinstance(target, ast.Attribute):
            if target.attr == "Task" and names.name(module, target.value) == _APP:
                self._set_task_class(module, value)
            elif self._is_conf(module, target.value):
                self.configuration.add(target.attr, target.attr, value, module, node)
            elif target.attr == "conf" and names.name(module, target.value) == _APP:
                self.configuration.incomplete = True
        elif self._is_conf(module, target.value):
            if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
                self.configuration.add(target.slice.value, target.slice.value, value, module, node)
            else:
                self.configuration.incomplete = True

    def _is_conf(self, module: Module, expr: ast.expr) -> bool:
        if not isinstance(expr, ast.Attribute | ast.Name):
            return False
        if isinstance(expr, ast.Attribute) and expr.attr != "conf":
            return False
        return self.project.names.name(module, expr) == f"{_APP}.conf"
