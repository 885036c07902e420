"""Its keys: what makes a task that is delivered twice run once.

Four modes, chosen per task; `Store` says what each promises and where its window lies.
Knows no Celery and reads no environment.

    with open_store(url).attempt("lease", key="pay:17", owner=task_id, fingerprint=payload) as attempt:
        if attempt.done:
            return attempt.result
        attempt.result = pay(17)
"""

from .claim import Attempt, Mode
from .errors import Busy, KeyConflict, Later, LeaseLost, StoreUnavailable
from .guard import Store
from .store import MODES, Session, open_store

__all__ = [
    "MODES",
    "Attempt",
    "Busy",
    "KeyConflict",
    "Later",
    "LeaseLost",
    "Mode",
    "Session",
    "Store",
    "StoreUnavailable",
    "open_store",
]
