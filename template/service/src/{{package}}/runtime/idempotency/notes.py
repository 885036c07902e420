"""What became of a task that its key does not tell: a failed run frees the key, or rolls it back.

A note is a record beside the keys, by the task's name and its id: no task's name begins with a blank.
"""

import logging
from collections.abc import Callable
from typing import Literal

from .claim import Claim, encode, kept_as
from .store import LEASE, Store

__all__ = ["Noted", "note", "noted"]

log = logging.getLogger(__name__)

Noted = Literal["waiting", "deferred", "done", "dead"]
"""waiting: a dead letter was published again. deferred: the last run failed, and another one follows unless "dead"
comes. done: a run ended with Ignore, which leaves no key."""

TOKEN = "note"
"""The same for each note: the next one replaces it, as if it were the completion of one claim."""


def note(open_store: Callable[[], Store], task: str, task_id: str, what: Noted, retention: float) -> None:
    """Note what became of the task for `retention` seconds; where that fails, a line of the log says so."""
    claim = Claim(kept_as(_key(task, task_id)), TOKEN, task_id, "", LEASE, retention)
    try:
        open_store().complete(claim, encode(what))
    except Exception as error:  # such as for an id that the store cannot encode: the work itself is none the worse
        log.warning("that the task %s with id %r is %s was not noted: %r", task, task_id, what, error)


def noted(store: Store, task: str, task_id: str) -> Noted | None:
    """The last note, if there is one. Raises StoreUnavailable."""
    found = store.look(_key(task, task_id))
    what: Noted | None = found.result if found else None
    return what


def _key(task: str, task_id: str) -> str:
    return f" note:{task}:{task_id}"
