"""Where a project writes Celery's settings: it makes an application, calls `conf.update(...)`, assigns to `conf`."""

import ast
import re

from asyncgen.check.celery.configuration.applications import Applications
from asyncgen.check.celery.configuration.calls import ConfigurationCalls
from asyncgen.check.celery.configuration.setting_names import SETTINGS
from asyncgen.check.celery.configuration.setting_places import like_settings
from asyncgen.check.celery.configuration.settings import Settings
from asyncgen.check.model.canonical_names import APPLICATION
from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["read_settings"]


#: In a file that cannot be read: it may make the application, or hold settings.
_SPEAKS_OF_SETTINGS = re.compile(
    r"\bCelery\(|\bconf\b|config_from_|CELERY|\b(task|worker|result|broker)_[a-z_]+ *[=:\"']"
)


_BEFORE_NAMESPACES = ("CELERYD_", "CELERYBEAT_", "BROKER_URL", "BROKER_TRANSPORT_OPTIONS")


def read_settings(project: PythonProject) -> Settings:
    settings = Settings([project.root, project.around])
    settings.incomplete = _SPEAKS_OF_SETTINGS.search(project.unread) is not None
    _Reader(project, settings).read()
    return settings


def _is_celerys_conf(expr: ast.expr) -> bool:
    """`celery.conf` of a `celery` that a function was given."""
    return isinstance(expr, ast.Attribute) and expr.attr == "conf" and "celery" in last_name(expr.value).lower()


class _Reader:
    def __init__(self, project: PythonProject, settings: Settings) -> None:
        self.project = project
        self.settings = settings
        self.calls = ConfigurationCalls(project, settings)
        self.applications = Applications(project, settings, self.calls)

    def read(self) -> None:
        for module in self.project.modules:
            for call in module.calls:
                self._call(module, call)
        for module in self.project.modules:
            if "conf" in module.text or ".Task" in module.text:
                for node in module.index.stores:
                    self._assignment(module, node)
        if not self.settings.applications:
            for module in self.project.modules:
                if module.name.rpartition(".")[2] == "celeryconfig":
                    self.calls.sources.read_module(module)
            self._settings_alone()
        if self.settings.applications and not self.settings.incomplete and not self.settings.has_source:
            for module in self.project.modules:
                self._unread(module)

    def _settings_alone(self) -> None:
        """Django's settings for an application that none can see: `CELERY_BROKER_URL` means one thing alone."""
        homes = [module for module in self.project.modules if "CELERY" in module.text and like_settings(module)]
        names = {name: module for module in homes for name in module.names(module.tree)}
        home = names.get("CELERY_BROKER_URL")
        if home is None or self.settings.has_source or any(name.startswith(_BEFORE_NAMESPACES) for name in names):
            return
        self.calls.sources.read(home, ast.Constant("django.conf.settings"), "CELERY")

    def _unread(self, module: Module) -> None:
        """What Django's settings say to an application that was never told to read them."""
        names = module.names(module.tree)
        if "INSTALLED_APPS" not in names:
            return
        for name, bindings in names.items():
            if name.startswith("CELERY_") and name.removeprefix("CELERY_").lower() in SETTINGS:
                value = bindings[-1].target
                self.settings.add_dead(
                    name, value if isinstance(value, ast.expr) else None, module, bindings[-1].node, ""
                )

    def _call(self, module: Module, call: ast.Call) -> None:
        names = self.project.names
        func = call.func
        last = func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")
        if last.startswith("config_from_"):
            self.settings.has_source = True
        if last in {"update", "config_from_object", "add_defaults", "config_from_envvar"} and (
            isinstance(func, ast.Attribute)
        ):
            if last == "update" and last_name(func.value) not in {"conf", "config"}:
                return
            base = names.name(module, func.value)
            if last == "update" and (base == f"{APPLICATION}.conf" or (not base and _is_celerys_conf(func.value))):
                self.calls.update(module, call)
            elif base == APPLICATION or (
                last == "config_from_object"
                and re.search(r"celery|\bapp\b", base, re.IGNORECASE)
                and base.endswith(("celery", "celery_app", "celery()", "app()"))
                and base != "flask.Flask()"
            ):
                if last == "config_from_object":
                    self._note_current_app(module, call, func.value)
                    self.calls.from_object(module, call)
                elif last == "add_defaults":
                    self.calls.update(module, call)
                else:
                    self.settings.incomplete = True
            return
        self.applications.read(module, call, last)

    def _note_current_app(self, module: Module, call: ast.Call, owner: ast.expr) -> None:
        """`current_app`, which nobody has to make, is the project's application where that configures it."""
        symbol = self.project.names.shallow.resolve(module, owner)
        if symbol == Symbol(APPLICATION):
            self.settings.applications.append((module, call))

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
            if target.attr == "Task" and names.name(module, target.value) == APPLICATION:
                self.applications.set_task_class(module, value)
            elif self._is_conf(module, target.value):
                self.settings.add(target.attr, target.attr, value, module, node)
            elif target.attr == "conf" and names.name(module, target.value) == APPLICATION:
                self.settings.incomplete = True
        elif self._is_conf(module, target.value):
            if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
                self.settings.add(target.slice.value, target.slice.value, value, module, node)
            else:
                self.settings.incomplete = True

    def _is_conf(self, module: Module, expr: ast.expr) -> bool:
        if not isinstance(expr, ast.Attribute | ast.Name):
            return False
        if isinstance(expr, ast.Attribute) and expr.attr != "conf":
            return False
        return self.project.names.name(module, expr) == f"{APPLICATION}.conf"
