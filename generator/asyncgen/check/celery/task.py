"""One task, and what each of its options comes to.

An option stands on the decorator, on a base class or in the configuration, in that order
(`celery.app.task.Task.from_config`).
"""

import ast
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from asyncgen.check.celery.configuration.configuration import Configuration
from asyncgen.check.model.names import Names
from asyncgen.check.model.symbols import Symbol, symbol_of
from asyncgen.check.model.values import UNKNOWN, literal
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["Option", "Task"]

_MAX_RETRIES = 3.0
_LOGGERS = {"logger", "log", "logging", "LOG", "LOGGER"}
_KNOWN_BASES = {"celery.Task", "builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"}
#: Bases of well-known distributions that set no option of a task and retry nothing.
_SETTING_NOTHING = {
    "celery_once.QueueOnce", "celery_singleton.Singleton", "celery_utils.logged_task.LoggedTask",
    "celery_utils.persist_on_failure.LoggedPersistOnFailureTask",
}  # fmt: skip


class Option(NamedTuple):
    """Where an option is set: `node` is what a finding points at."""

    value: ast.expr
    module: Module
    node: ast.AST


@dataclass(eq=False)
class Task:
    """`decorator` is None for a task that is a class. `opaque`: options come from where none can see; `foreign`: the
    application is another distribution's.
    """

    names: Names
    configuration: Configuration
    module: Module
    node: Function | ast.ClassDef
    decorator: ast.expr | None
    options: dict[str, Option] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    opaque: bool = False
    foreign: bool = False

    @property
    def name(self) -> str:
        return self.node.name

    @cached_property
    def place(self) -> ast.AST:
        """Where a finding about the task as a whole points: its decorator, or its class."""
        return self.decorator or self.node

    @cached_property
    def registered_names(self) -> list[str]:
        """The names it is called by. Without `name=` its own depends on the import path, which has several.

        A generated service's base class knows `aliases`.
        """
        given, aliases = self.literal("name"), self.literal("aliases")
        own = given if isinstance(given, str) else f"{self.module.name}.{self.node.name}"
        return [own, *(alias for alias in aliases if isinstance(alias, str))] if isinstance(aliases, list) else [own]

    @cached_property
    def run(self) -> Function | None:
        if isinstance(self.node, ast.ClassDef):
            for statement in self.node.body:
                if isinstance(statement, Function) and statement.name in {"run", "__call__"}:
                    return statement
            return None
        return self.node

    @cached_property
    def bound(self) -> bool:
        return isinstance(self.node, ast.ClassDef) or self.literal("bind") is True

    @cached_property
    def base(self) -> Symbol | None:
        """The base class: `base=`, the class itself, or the application's `task_cls`."""
        if isinstance(self.node, ast.ClassDef):
            return symbol_of(self.module, self.node)
        option = self.options.get("base")
        if option is not None:
            return self.names.resolve(option.module, option.value) or Symbol("?")
        return Symbol("?") if self.foreign else self.configuration.task_class

    @cached_property
    def base_known(self) -> bool:
        """Whether every class that could set an option is in the project or Celery's own."""
        if self.base is None:
            return True
        outside = self.names.outside_bases(self.base) if self.base.module else {self.base.name}
        return outside <= _KNOWN_BASES | _SETTING_NOTHING

    @cached_property
    def has_custom_base(self) -> bool:
        return self.base is not None and self.base.name not in _KNOWN_BASES

    def find(self, name: str) -> Option | None:
        """The option's own place: decorator, then base classes. None where it is not set there."""
        if name in self.options:
            return self.options[name]
        if self.base is not None:
            symbol = self.names.class_attribute(self.base, name)
            if symbol and symbol.module and isinstance(symbol.node, ast.expr):
                return Option(symbol.node, symbol.module, symbol.node)
            if symbol is not None and symbol.module and symbol.node is not None:
                computed = ast.Name(id="<property>", ctx=ast.Load())
                return Option(computed, symbol.module, symbol.node)
        return None

    def literal(self, name: str) -> Any:
        """The decorator's or base's value, None where it is not set, UNKNOWN where none can tell."""
        option = self.find(name)
        if option is not None:
            return literal(self.names, option.module, option.value)
        if self.opaque or (self.base_checked(name) is UNKNOWN):
            return UNKNOWN
        return None

    def base_checked(self, name: str) -> Any:
        if name in {"bind", "name", "base"} or (self.foreign and name.startswith("retry_")):
            return None  # an application's own class of task has other things to do than to retry
        return None if self.base_known else UNKNOWN

    def effective(self, name: str, setting: str | None = None) -> Any:
        """The value in force, the configuration included; None for Celery's default."""
        own = self.literal(name)
        if own is not None:
            return own
        return self.configuration.value(setting or f"task_{name}")

    @cached_property
    def retry_limit(self) -> float | None:
        """How often it is retried at most: infinity for `max_retries=None`, None where none can tell."""
        value = self.literal("max_retries")
        if self.find("max_retries") is None:
            return None if value is UNKNOWN else _MAX_RETRIES
        if value is None:
            return math.inf
        return float(value) if isinstance(value, int) else None

    @cached_property
    def takes_arguments(self) -> bool:
        """Whether its messages can differ; one that takes nothing is a job that runs alone, now and then."""
        if self.run is None:
            return False
        a = self.run.args
        return bool([*a.posonlyargs, *a.args][self.bound :] or a.kwonlyargs or a.vararg or a.kwarg)

    @cached_property
    def only_tells(self) -> bool:
        """Whether all it does is to print or to log, like the `debug_task` of Celery's guides."""
        body = self.run.body if self.run is not None else []
        done = [statement for statement in body if not _is_text(statement)]
        return bool(done) and all(isinstance(s, ast.Expr) and _tells(s.value) for s in done)

    def parameters(self) -> set[str] | None:
        """The names that a call may give; None if it takes any."""
        run = self.run
        if run is None or run.args.kwarg is not None or self.opaque:
            return None
        arguments = [*run.args.posonlyargs, *run.args.args, *run.args.kwonlyargs]
        return {a.arg for a in arguments}


def _is_text(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _tells(expr: ast.expr) -> bool:
    match expr:
        case ast.Call(func=ast.Attribute(value=owner)):
            return last_name(owner) in _LOGGERS
        case ast.Call(func=ast.Name(id=name)):
            return name == "print"
    return False
