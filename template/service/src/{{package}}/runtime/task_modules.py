"""`from myservice.tasks import send_invoice` gives the module `send_invoice`: Python asks for a submodule by itself.

So a module with a task of its own name is used like that task, too, and like a module as before: tests replace its
functions, and `from myservice.tasks.send_invoice import send_invoice` is the task itself. Type checkers know the short
form by the task's line in `tasks/__init__.pyi`, which hides the module from them.
"""

from collections.abc import Iterable
from types import ModuleType
from typing import Any

from .task import ServiceTask

__all__ = ["TaskModule", "use_as_tasks"]


class TaskModule(ModuleType):
    """A module whose public attributes are its own, then its task's."""

    @property
    def _task(self) -> Any:
        return vars(self)[self.__name__.rpartition(".")[2]]

    def _is_of_task(self, name: str) -> bool:
        return not name.startswith("_") and name not in vars(self) and hasattr(self._task, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A plain call of the task, which only runs it."""
        return self._task(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if self._is_of_task(name):
            return getattr(self._task, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        """A test that replaces `send_invoice.delay` replaces it for all who have the task."""
        if self._is_of_task(name):
            setattr(self._task, name, value)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        """What the test had set."""
        if self._is_of_task(name):
            delattr(self._task, name)
        else:
            super().__delattr__(name)


def use_as_tasks(modules: Iterable[ModuleType]) -> None:
    """Let those modules that have a task of their own name be used like it."""
    for module in modules:
        if isinstance(vars(module).get(module.__name__.rpartition(".")[2]), ServiceTask):
            module.__class__ = TaskModule
