"""What each line of a log says of the task that it is about, whoever writes it."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from celery._state import get_current_task
from structlog.typing import EventDict, Processor

__all__ = ["add_task", "handled", "processors"]

handled: ContextVar[Mapping[str, Any]] = ContextVar("handled", default={})  # noqa: B039  # nothing changes it
"""The headers of the message that the worker's main process handles now."""


LONGEST = 255
"""Characters of a name or an id."""


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


processors: list[Processor] = [add_task]
"""Of structlog; what observes the service adds its own."""
