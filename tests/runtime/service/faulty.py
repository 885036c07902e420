"""`python -m tests.runtime.service.faulty`: a worker whose consumer loses its first messages, as a bug could.

They are neither run nor acknowledged, which uses up the prefetch count of its first connection. A message for
`tests.blocks` keeps its loop busy.
"""

import time
from collections.abc import Callable
from typing import Any

from runtime.cli import main
from runtime.worker.consumer import ServiceConsumer

from .app import app


class FaultyConsumer(ServiceConsumer):
    """One that receives after its first connection alone."""

    initial_prefetch_count: int  # missing in the stubs

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """The handler of one connection."""
        receive = super().create_task_handler(*args, **kwargs)

        def handle(message: Any) -> None:
            if message.headers.get("task") == "tests.blocks":
                message.ack()
                time.sleep(20)
            elif self.restart_count or self.received >= self.initial_prefetch_count:
                receive(message)
            else:
                self.received += 1

        return handle


if __name__ == "__main__":
    app.conf.worker_consumer = FaultyConsumer
    main("tests.runtime.service.app")
