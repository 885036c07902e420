"""The settings that a project writes."""

import ast
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from asyncgen.check.celery.configuration.setting_names import OLD_SETTINGS, SETTINGS
from asyncgen.check.celery.configuration.version import Required, required_celery
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module

__all__ = ["Setting", "Settings", "today_of"]


class Setting(NamedTuple):
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


class Settings:
    """All that was found.

    `applications` are the calls that make one, with their modules; `task_class` is its own base class of tasks; the
    project's requirements stand in `folders`. `incomplete`: there are settings that cannot be followed; `has_source`:
    some application is told to read an object, a module or a file.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = folders
        self.applications: list[tuple[Module, ast.Call]] = []
        self.entries: list[Setting] = []
        self.namespaces: set[str] = set()
        self.task_class: Symbol | None = None
        self.incomplete = False
        self.has_source = False

    @cached_property
    def celery(self) -> Required | None:
        """The releases of Celery that read them, or None where no file tells."""
        return required_celery(self._folders)

    def add(
        self, raw: str, key: str, value: ast.expr | None, module: Module, node: ast.AST, namespace: str = ""
    ) -> None:
        """Notes a setting under the name that it has today."""
        self._note(Setting(_today(key, namespace), raw, key, value, module, node, namespace))

    def add_dead(self, raw: str, value: ast.expr | None, module: Module, node: ast.AST, namespace: str) -> None:
        """Notes a setting that is written where Celery does not look."""
        self._note(Setting("", raw, raw, value, module, node, namespace))

    def add_old(self, raw: str, value: ast.expr | None, module: Module, node: ast.AST, namespace: str) -> None:
        """Notes a setting under a name from before the namespace, which recent releases of Celery read, too."""
        read = self.celery.reads_old_names if self.celery is not None else None
        today = today_of(raw)
        if read is not True or not today:
            self.add_dead(raw, value, module, node, namespace)
        if read is not False and today:
            self._note(Setting(today, raw, raw, value if read else None, module, node, namespace))

    def _note(self, setting: Setting) -> None:
        if not any(
            s.node is setting.node and s.raw == setting.raw and bool(s.name) == bool(setting.name) for s in self.entries
        ):
            self.entries.append(setting)


def today_of(old: str) -> str:
    """Celery's name of today for one that an earlier release knew in capitals, else the empty string."""
    return OLD_SETTINGS.get(old) or (old.lower() if old.startswith("BROKER_") and old.lower() in SETTINGS else "")


def _today(key: str, namespace: str) -> str:
    if key.lower() in SETTINGS:
        return key.lower()
    return OLD_SETTINGS.get(key, "") if not namespace else ""
