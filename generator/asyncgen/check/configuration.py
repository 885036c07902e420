"""The Celery configuration of a project, read wherever it stands, without importing anything.

Understood: keywords of `Celery(...)`, `conf.update(...)`, `conf.name = ...`, `conf["name"] = ...`,
`config_from_object` of a module, class, dict or Django's settings (with and without a namespace, classes of
django-configurations included), Flask's `config["CELERY"]`. What cannot be followed makes the configuration
incomplete, and then no rule concludes anything from a setting's absence.
"""

import ast
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from asyncgen.check.broker_url import transport_of
from asyncgen.check.lineage import Symbol
from asyncgen.check.project import Project
from asyncgen.check.setting_names import OLD_SETTINGS, SETTINGS
from asyncgen.check.source import Module
from asyncgen.check.values import UNKNOWN, literal, same_value

__all__ = ["App", "Configuration", "Setting"]


@dataclass(frozen=True, slots=True)
class Setting:
    """`name` is Celery's name of today, or the empty string where Celery knows no such setting.

    `raw` is what is written, `key` what Celery sees of it (without the namespace).
    """

    name: str
    raw: str
    key: str
    value: ast.expr | None
    module: Module
    node: ast.AST
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """A place where an application is made."""

    module: Module
    call: ast.Call


@dataclass(eq=False)
class Configuration:
    """What was found; `task_class` is the application's own base class of tasks."""

    project: Project
    apps: list[App] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    namespaces: set[str] = field(default_factory=set)
    task_class: Symbol | None = None
    incomplete: bool = False

    @property
    def known(self) -> bool:
        """Whether the absence of a setting means that it is not set."""
        return bool(self.apps) and not self.incomplete and not self._is_of_an_example

    @cached_property
    def _is_of_an_example(self) -> bool:
        """Whether a library's tasks run in another project's application, and its own is there to show how."""
        if any(app.module.kind == "code" for app in self.apps):
            return False
        return any(task.module.kind == "code" for task in self.project.tasks)

    def all(self, name: str) -> list[Setting]:
        return [s for s in self.settings if s.name == name]

    def first(self, name: str) -> Setting | None:
        return next(iter(self.all(name)), None)

    def value(self, name: str) -> Any:
        """The value in force: None for Celery's default, UNKNOWN where the code does not tell."""
        found = [UNKNOWN if s.value is None else literal(self.project.names, s.module, s.value) for s in self.all(name)]
        if not found:
            return None if self.known else UNKNOWN
        if len(found) == 1 or all(same_value(found[0], other) for other in found):
            return found[0]
        return UNKNOWN

    def values(self, name: str) -> list[tuple[Setting, Any]]:
        """Each place where it is set, with what is known of its value there."""
        return [
            (s, UNKNOWN if s.value is None else literal(self.project.names, s.module, s.value)) for s in self.all(name)
        ]

    def transport(self) -> str:
        """`redis`, `amqp`, another transport's name, or the empty string where it is not known."""
        settings = [*self.all("broker_url"), *self.all("broker_write_url")]
        kinds = {transport_of(self.project.names, s.module, s.value) if s.value is not None else "" for s in settings}
        return kinds.pop() if len(kinds) == 1 else ""

    def add(
        self, raw: str, key: str, value: ast.expr | None, module: Module, node: ast.AST, namespace: str = ""
    ) -> None:
        """Notes a setting under the name that it has today."""
        self._note(Setting(_today(key, namespace), raw, key, value, module, node, namespace))

    def add_dead(self, raw: str, value: ast.expr | None, module: Module, node: ast.AST, namespace: str) -> None:
        """Notes a setting that is written where Celery does not look."""
        self._note(Setting("", raw, raw, value, module, node, namespace))

    def _note(self, setting: Setting) -> None:
        if not any(s.node is setting.node and s.raw == setting.raw for s in self.settings):
            self.settings.append(setting)


def _today(key: str, namespace: str) -> str:
    if key.lower() in SETTINGS:
        return key.lower()
    return OLD_SETTINGS.get(key, "") if not namespace else ""
