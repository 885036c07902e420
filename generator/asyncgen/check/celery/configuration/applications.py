"""What a project says to its Celery application where it makes it: `Celery(...)`, or a class derived from that."""

import ast
from functools import cached_property

from asyncgen.check.celery.configuration.calls import ConfigurationCalls
from asyncgen.check.celery.configuration.settings import Settings
from asyncgen.check.model.canonical_names import APPLICATION
from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["Applications"]

_APP_CLASSES = {"celery.Celery"}
#: Position in `Celery(...)`, keyword, setting.
_POSITIONS = ((2, "backend", "result_backend"), (9, "broker", "broker_url"), (10, "include", "include"))
_APP_KEYWORDS = {
    "main", "loader", "amqp", "events", "log", "control", "set_as_current", "tasks", "changes",
    "config_source", "fixups", "task_cls", "autofinalize", "namespace", "strict_typing",
    "config_source_silent",
}  # fmt: skip


class Applications:
    def __init__(self, project: PythonProject, settings: Settings, calls: ConfigurationCalls) -> None:
        self.project = project
        self.settings = settings
        self.calls = calls

    def read(self, module: Module, call: ast.Call, name: str) -> None:
        """Takes in a call of `name`, if that makes an application."""
        if name not in self._names:
            return
        symbol = self.project.names.shallow.resolve(module, call)
        if symbol is not None and symbol.name == APPLICATION and symbol.node is call:
            self._application(module, call)

    @cached_property
    def _names(self) -> set[str]:
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

    def _application(self, module: Module, call: ast.Call) -> None:
        if self._is_one_of_several(module, call):
            self.settings.incomplete = True
        self.settings.applications.append((module, call))
        keywords = {k.arg: k for k in call.keywords if k.arg is not None}
        if len(keywords) < len(call.keywords) or any(isinstance(a, ast.Starred) for a in call.args):
            self.settings.incomplete = True
        for index, key, new in _POSITIONS:
            if key in keywords:
                self.settings.add(key, new, keywords[key].value, module, keywords[key])
            elif len(call.args) > index:
                self.settings.add(key, new, call.args[index], module, call.args[index])
        for key, keyword in keywords.items():
            if key in {"config_source", "changes"}:
                self.calls.sources.read(module, keyword.value, "")
            elif key == "task_cls":
                self.set_task_class(module, keyword.value)
            elif key and key not in _APP_KEYWORDS | {"broker", "backend", "include"}:
                self.settings.add(key, key, keyword.value, module, keyword)
        self._application_class(module, call)

    def _is_one_of_several(self, module: Module, call: ast.Call) -> bool:
        """Whether the function that makes it may as well return an application from where none can see."""
        function = module.function_of(call)
        values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)] if function else []
        found = [self.project.names.resolve(module, value) for value in values if value is not None]
        return any(s is not None and s.name == APPLICATION for s in found) and any(
            s is not None and s.module is None and not s.name.startswith(("builtins.", APPLICATION)) for s in found
        )

    def _application_class(self, module: Module, call: ast.Call) -> None:
        """What a subclass of Celery sets, and what class of task it makes."""
        names = self.project.names
        callee = names.resolve(module, call.func)
        if callee is None or not isinstance(callee.node, ast.ClassDef):
            if callee is None or callee.name not in _APP_CLASSES:
                self.settings.incomplete = True
            return
        inherited = names.class_attribute(callee, "task_cls")
        if inherited is not None and inherited.module and isinstance(inherited.node, ast.expr):
            self.set_task_class(inherited.module, inherited.node)
        for home, node in names.hierarchy(callee):
            for inner in ast.walk(node):
                match inner:
                    case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr="Task")], value=value):
                        self.set_task_class(home, value)
                    case ast.Assign(
                        targets=[
                            ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr="conf"), attr=key)
                            | ast.Subscript(
                                value=ast.Attribute(value=ast.Name(id="self"), attr="conf"),
                                slice=ast.Constant(value=str(key)),
                            )
                        ],
                        value=value,
                    ):
                        self.settings.add(key, key, value, home, inner)
                    case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="conf"))]):
                        self.settings.incomplete = True
                    case ast.Call(
                        func=ast.Attribute(
                            value=ast.Attribute(value=ast.Name(id="self"), attr="conf"), attr="update" | "add_defaults"
                        )
                    ):
                        self.calls.update(home, inner)
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr="config_from_object")):
                        self.calls.from_object(home, inner)

    def set_task_class(self, module: Module, value: ast.expr) -> None:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            self.settings.task_class = self.project.names.canonical(value.value.replace(":", "."), module)
        else:
            self.settings.task_class = self.project.names.resolve(module, value) or Symbol("?")
