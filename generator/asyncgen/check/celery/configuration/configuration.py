"""The Celery configuration of a project, read wherever it stands, without importing anything.

Understood: keywords of `Celery(...)`, `conf.update(...)`, `conf.name = ...`, `conf["name"] = ...`,
`config_from_object` of a module, class, dict or Django's settings (with and without a namespace, classes of
django-configurations included), Flask's `config["CELERY"]`. What cannot be followed makes the configuration
incomplete, and then no rule concludes anything from a setting's absence.
"""

import ast
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import Any

from asyncgen.check.celery.configuration.broker_url import transport_of
from asyncgen.check.celery.configuration.reader import read_settings
from asyncgen.check.celery.configuration.settings import Setting, Settings
from asyncgen.check.model.project import PythonProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.model.values import UNKNOWN, literal, same_value
from asyncgen.check.source.module import Module

__all__ = ["Configuration"]


class Configuration:
    """The values in force. Read when it is first asked.

    `has_tasks_in_code` says whether the project itself has tasks, outside its tests, scripts and examples. Tasks ask
    the configuration for their options, so it is called only when the answer matters.
    """

    def __init__(self, project: PythonProject, has_tasks_in_code: Callable[[], bool]) -> None:
        self.project = project
        self._has_tasks_in_code = has_tasks_in_code

    @cached_property
    def found(self) -> Settings:
        return read_settings(self.project)

    @property
    def settings(self) -> list[Setting]:
        return self.found.entries

    @property
    def namespaces(self) -> set[str]:
        return self.found.namespaces

    @property
    def task_class(self) -> Symbol | None:
        """The application's own base class of tasks."""
        return self.found.task_class

    @property
    def known(self) -> bool:
        """Whether the absence of a setting means that it is not set."""
        return bool(self.found.applications) and not self.found.incomplete and not self._is_of_an_example

    @property
    def is_of_settings_alone(self) -> bool:
        """Whether it is Django's settings, and no application is there to be seen that could add to them."""
        return bool(self.namespaces) and not self.found.applications and not self.found.incomplete

    @cached_property
    def _is_of_an_example(self) -> bool:
        """Whether a library's tasks run in another project's application, and its own is there to show how."""
        return not any(module.kind == "code" for module, _ in self.found.applications) and self._has_tasks_in_code()

    @cached_property
    def place(self) -> tuple[Module, ast.AST] | None:
        """Where a setting for all tasks belongs: at the first in the module that holds most of them, else where the
        application is made.
        """
        applications = [(module, call) for module, call in self.found.applications if module.kind == "code"]
        given = {part for _, call in applications for part in (*call.keywords, *call.args)}
        settings = [s for s in self.settings if s.name and s.module.kind == "code" and s.node not in given]
        if not settings:
            return next(iter(applications), None)
        (module, _), *_ = Counter(s.module for s in settings).most_common(1)
        return module, min(
            (s.node for s in settings if s.module is module), key=lambda node: getattr(node, "lineno", 1)
        )

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
