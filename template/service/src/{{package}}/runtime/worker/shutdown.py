"""A bounded warm shutdown: SIGTERM lets running tasks finish, and at the cap requeues the rest.

Not Celery's soft shutdown (`worker_soft_shutdown_timeout`): that one sleeps in the main process's signal handler, so
heartbeats and acknowledgements stop with it and the broker redelivers running tasks.
"""

import os
import signal
import threading
from collections.abc import Iterable
from typing import Any

from celery.signals import worker_shutting_down

from ..queues import QueueClass, shutdown_cap
from ..settings import settings

__all__ = ["bound_shutdown"]


def bound_shutdown(queues: Iterable[QueueClass]) -> None:
    """From SIGTERM on, give the tasks of `queues` their cap; SIGQUIT then makes Celery requeue what is left."""
    cap = shutdown_cap(queues, settings())

    @worker_shutting_down.connect(weak=False)
    def start_timer(how: str = "", **_: Any) -> None:
        if how == "Warm":
            timer = threading.Timer(cap, os.kill, (os.getpid(), signal.SIGQUIT))
            timer.daemon = True
            timer.start()
