"""The names of a task: the one that its code gives, and the former ones, under which messages may still arrive."""

import re
import sys
import warnings
from collections.abc import Iterable

from .errors import TaskOptionError

__all__ = ["check_aliases", "is_called", "short", "warn_deprecated"]

LIBRARIES = ("celery", "kombu", __package__)
"""What stands between a call and its publishing."""

FULL = re.compile(r"[^\s.]+(\.[^\s.]+)+")
"""As Celery makes it: the module and the function."""


def check_aliases(name: str, aliases: object) -> None:
    """Raise TaskOptionError unless `aliases` are former full names of the task that is now called `name`."""
    if not isinstance(aliases, tuple):
        raise TaskOptionError(
            f'expected aliases of {name} to be a tuple of former names, got: {aliases!r}; write ("{aliases}",)'
            if isinstance(aliases, str)
            else f"expected aliases of {name} to be a tuple of former names, got: {aliases!r}; write a tuple"
        )
    for number, alias in enumerate(aliases):
        if not isinstance(alias, str) or not FULL.fullmatch(alias):
            raise TaskOptionError(
                f"expected aliases of {name} to be full names, of module and function, got: {alias!r}; write it in full"
            )
        # A task that has its first name again keeps it as the first one, before the names that it had in between.
        if alias == name and (number or len(aliases) == 1):
            raise TaskOptionError(
                f"expected aliases of {name} to be its former names, got: the one that it has; remove it"
            )


def is_called(name: str, names: Iterable[str]) -> bool:
    """Whether `name` is one of these, in full or without the module."""
    return any(name in (each, short(each)) for each in names)


def short(name: str) -> str:
    """A task's name without its module."""
    return name.rpartition(".")[2]


def warn_deprecated(task: str, instead: str) -> None:
    """Give a DeprecationWarning, at the caller's line, for the publishing of a task."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and f"{frame.f_globals.get('__name__')}.".startswith(tuple(f"{name}." for name in LIBRARIES)):
        frame, level = frame.f_back, level + 1
    warnings.warn(f"{task} is deprecated: {instead}", DeprecationWarning, stacklevel=level)
