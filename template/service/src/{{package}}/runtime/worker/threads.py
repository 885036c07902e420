"""The pool of threads: Celery's, except that every run is reported.

Celery's drops an error that is raised outside the task, because its result could not be stored or the next task not
published, and one that ends a process. The message then was neither acknowledged nor requeued until the worker ended.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from billiard.einfo import ExceptionInfo
from billiard.exceptions import WorkerLostError
from celery import concurrency
from celery.concurrency import thread

__all__ = ["TaskPool", "install"]


class TaskPool(thread.TaskPool):
    """A run that raises is one that failed, as in the other pools."""

    def on_apply(self, target: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Have a thread call `target`."""
        return super().on_apply(partial(_reporting, target), *args, **options)


def install() -> None:
    """Make `--pool threads` this one."""
    vars(concurrency)["ALIASES"]["threads"] = f"{__name__}:{TaskPool.__name__}"


def _reporting(target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the tracer of Celery returns: whether it failed, the value or the error, the seconds."""
    try:
        try:
            return target(*args, **kwargs)
        except (SystemExit, KeyboardInterrupt) as ended:
            raise WorkerLostError(f"it ended its thread: {ended!r}") from ended
    except Exception:
        return True, ExceptionInfo(internal=True), 0.0
