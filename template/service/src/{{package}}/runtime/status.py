"""What is known of one task without its result: from its idempotency key, the outbox, and what the service notes.

waiting     published, and not begun
running     a worker has its key: up to KEY_LEASE seconds more after a crash
deferred    the last run failed or was put off, and the task is attempted again
done        it has run; with "at-most-once": it has begun, and is not begun again
dead        it failed for good: a dead letter
unknown     none of these: never published, forgotten, or in the broker, which cannot be asked for one message

The order of the looks is that of a task's way, so that one which moves on meanwhile is found where it is next. A task
in mode "natural" keeps no key: only its death is known. What the broker itself has dead-lettered, the service has not
noted: the commands `status` and `dead list` read it there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .idempotency import Store
from .idempotency.notes import noted
from .service import service_of
from .settings import settings
from .task import ServiceTask

__all__ = ["TaskState", "TaskStatus", "request_key", "task_status"]

TaskState = Literal["waiting", "running", "deferred", "done", "dead", "unknown"]


@dataclass(frozen=True)
class TaskStatus:
    """The state of the task with this id; `task` is its name in messages."""

    id: str
    task: str
    state: TaskState
    published: bool
    """Whether it is known to have been published, also where no more is known of it."""


def task_status(task: ServiceTask, task_id: str, arguments: Mapping[str, Any] | None = None) -> TaskStatus:
    """Tell the state of a task. With `key` in its options the arguments make its key: they are needed then.

    Not for one that `submit` has published, which keeps the key. Raises PayloadError for arguments that the task does
    not take, and StoreUnavailable.
    """
    store = service_of(task.app).open_store().within(settings().attempt_timeout)
    request = store.look(request_key(task.name, task_id))
    key = request.result if request and request.result else _key(task, task_id, arguments)
    requested = request is not None and request.state == "done"
    # Of one that keeps no key nobody could tell when it no longer waits.
    waiting = (requested and key is not None) or store.in_outbox(task_id)
    state = _state(store, task.name, task_id, key, waiting)
    return TaskStatus(task_id, task.name, state, published=requested or state != "unknown")


def request_key(task: str, task_id: str) -> str:
    """Beside the keys, what has been submitted under an id: no task's name begins with a blank."""
    return f" request:{task}:{task_id}"


def _key(task: ServiceTask, task_id: str, arguments: Mapping[str, Any] | None) -> str | None:
    """The key of a task that keeps one, as far as it is known."""
    if task.idempotency == "natural" or (task.key and arguments is None):
        return None
    return task.key_of(task_id, *task.as_published((), arguments or {})) if task.key else task.key_of(task_id, (), {})


def _state(store: Store, task: str, task_id: str, key: str | None, waiting: bool) -> TaskState:
    held = store.look(key) if key else None
    note = noted(store, task, task_id)
    if (held and held.state == "done") or note == "done":
        return "done"
    if note == "dead":
        return "dead"
    if key is None:  # a note on its way would outlast its end, which the key alone tells
        return "waiting" if waiting else "unknown"
    if held and held.state == "held":
        return "running"
    if held or note == "deferred":
        return "deferred"
    return "waiting" if waiting or note == "waiting" else "unknown"
