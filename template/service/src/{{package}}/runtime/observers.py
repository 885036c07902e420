"""What observes the runs and the publishes of an application: a few functions, called where these happen.

Celery's signals tell the same, but to dispatch one takes longer than what an observer does.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from celery import Task
from celery.exceptions import Ignore, Reject, Retry
from celery.states import FAILURE, IGNORED, REJECTED, RETRY, SUCCESS

__all__ = ["ObservedTask", "PublishObserver", "RunObserver", "observed", "told"]

log = logging.getLogger(__name__)

RunObserver = Callable[[Any, Any], Callable[[str, BaseException | None], object] | None]
"""Called with the task and Celery's context of a run that begins, where it runs. What it returns, if anything, is
called when the run has ended, before what follows it is published: with Celery's state, which is empty for what ends
the process, and with what was raised."""

PublishObserver = Callable[[str, dict[str, Any]], Callable[[BaseException | None], object] | None]
"""Called with the name that a task's message has, and with the options of `send_task`, whose `headers` it may change.
What it returns, if anything, is called with None when the broker has the message, or with what publishing raised."""

STATES = ((Retry, RETRY), (Reject, REJECTED), (Ignore, IGNORED), (Exception, FAILURE))


def told(observers: Iterable[Callable[..., Any]], *what: Any) -> list[Any]:
    """Call each of them, and return what they return; one that raises is logged and changes nothing."""
    answers = []
    for observer in observers:
        try:
            if (answer := observer(*what)) is not None:
                answers.append(answer)
        except Exception:
            log.exception("%r raised", observer)
    return answers


def observed(
    observers: Iterable[RunObserver], task: Any, request: Any, run: Callable[..., Any], args: Any, kwargs: Any
) -> Any:
    """Run a delivery of the task, and tell the observers when it begins and how it ends."""
    if not observers:
        return run(*args, **kwargs)
    ends = told(observers, task, request)
    try:
        result = run(*args, **kwargs)
    except BaseException as error:
        told(ends, next((state for kind, state in STATES if isinstance(error, kind)), ""), error)
        raise
    if ends:
        told(ends, SUCCESS, None)
    return result


class ObservedTask(Task[..., Any]):
    """The base of the tasks that are not the service's own, such as Celery's `chord_unlock`."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Celery's own; a delivery is observed."""
        request: Any = self.request
        if request.called_directly:
            return super().__call__(*args, **kwargs)
        app: Any = self.app
        return observed(app.run_observers, self, request, self.run, args, kwargs)
