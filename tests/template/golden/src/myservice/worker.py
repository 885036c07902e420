"""A worker, started with what the queue table says of its queues."""

import os
from collections.abc import Sequence

from . import NAME, health, observability, processes, shutdown, threads
from .app import app
from .queue_class import QueueClass
from .settings import settings

__all__ = ["arguments", "run"]


def run(queues: Sequence[QueueClass]) -> None:
    """Work on `queues` until a signal ends it."""
    settings().require("broker_url")
    settings().require("idempotency_url")
    app.conf.worker_prefetch_multiplier = min(queue.prefetch for queue in queues)
    observability.install()
    processes.install()
    threads.install()
    shutdown.bound_shutdown(queues)
    health.install(app)
    app.worker_main(arguments(queues))


def arguments(queues: Sequence[QueueClass]) -> list[str]:
    """Celery's command line: the most careful pool, the smallest concurrency that any of the queues names."""
    pools = {queue.pool for queue in queues}
    chosen = ["worker", "--queues", ",".join(queue.wire_name for queue in queues)]
    chosen += ["--pool", pools.pop() if len(pools) == 1 else "prefork"]
    limits = [queue.concurrency for queue in queues if queue.concurrency]
    chosen += ["--concurrency", str(min(limits))] if limits else []
    # A name of its own: RabbitMQ refuses a second worker of one name, which one host may well have.
    chosen += ["--hostname", f"{NAME}.{os.getpid()}@%h"]
    return [*chosen, "--without-gossip", "--without-mingle", "--loglevel", settings().log_level]
