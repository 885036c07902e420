"""What each line of a log says of the task that it is about, whoever writes it."""

from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from functools import cached_property
from typing import Any

from celery._state import get_current_task

__all__ = ["EventDict", "Log", "add_task", "handled", "processors"]

EventDict = MutableMapping[str, Any]
"""A line of a log, as structlog's processors change it."""

handled: ContextVar[Mapping[str, Any]] = ContextVar("handled", default={})  # noqa: B039  # nothing changes it
"""The headers of the message that the worker's main process handles now."""


LONGEST = 255
"""Characters of a name or an id."""


class Log:
    """structlog's logger called `name`. It imports structlog with the first line: many processes write none."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _logger(self) -> Any:
        import structlog

        return structlog.get_logger(self._name)

    def __getattr__(self, method: str) -> Any:
        return getattr(self._logger, method)


def add_task(logger: Any, method: str, event: EventDict) -> EventDict:
    """Add `task` and `task_id`, unless the line has its own: those of the run, else of the message that is handled."""
    run: Any = get_current_task()  # nothing is bound at the start of each run: a line costs that, and not a task
    if run is not None and run.request.id is not None:
        name, task_id = run.name, run.request.id
    else:
        name, task_id = (handled.get().get(each) for each in ("task", "id"))
    for key, value in ("task", name), ("task_id", task_id):
        if isinstance(value, str) and len(value) <= LONGEST:  # anybody may have sent the message
            event.setdefault(key, value)
    return event


processors: list[Callable[[Any, str, EventDict], EventDict]] = [add_task]
"""Of structlog; what observes the service adds its own."""
