"""Idempotency keys: what makes a task that is delivered twice run once.

Four modes, chosen per task; `Store` says what each promises and where its window lies. `redis` and `sql` implement it.
Knows no Celery, and of the environment the namespace alone.

    with RedisStore.open(url).attempt("lease", key="pay:17", owner=task_id, fingerprint=payload) as attempt:
        if attempt.done:
            return attempt.result
        attempt.result = pay(17)
"""

from .claim import Attempt, Mode
from .store import Store

__all__ = ["Attempt", "Mode", "Store"]
