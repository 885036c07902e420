"""A worker, started with what the queue table says of its queues."""

import os
from collections.abc import Sequence

from ..queues import QueueClass
from ..service import ServiceApp
from ..settings import NAME, settings
from . import health, logging, prefork, shutdown, threads

__all__ = ["arguments", "concurrency", "run"]

CELERY_URLS = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
"""Variables that Celery puts before its settings: a service's worker has those of the service alone."""


def run(app: ServiceApp, queues: Sequence[QueueClass]) -> None:
    """Work on `queues` until a signal ends it; raises ConfigurationError where a server's URL is not set."""
    settings().require("broker_url")
    settings().require("idempotency_url")
    for variable in CELERY_URLS:
        os.environ.pop(variable, None)
    app.conf.worker_prefetch_multiplier = min(queue.prefetch for queue in queues)
    logging.install()
    prefork.install()
    threads.install()
    shutdown.bound_shutdown(queues)
    health.install(app)
    app.begin("worker")
    try:
        app.worker_main(arguments(queues))
    finally:
        health.end()


def arguments(queues: Sequence[QueueClass]) -> list[str]:
    """Celery's command line: the most careful pool, the smallest concurrency that any of the queues names."""
    pools = {queue.pool for queue in queues}
    chosen = ["worker", "--queues", ",".join(queue.wire_name for queue in queues)]
    chosen += ["--pool", pools.pop() if len(pools) == 1 else "prefork"]
    if limit := concurrency(queues):
        chosen += ["--concurrency", str(limit)]
    # A unique name: RabbitMQ refuses a second worker of one name, which one host may well have.
    chosen += ["--hostname", f"{NAME}.{os.getpid()}@%h"]
    return [*chosen, "--without-gossip", "--without-mingle", "--loglevel", settings().log_level]


def concurrency(queues: Sequence[QueueClass]) -> int | None:
    """How many tasks a worker on all of `queues` runs at once; None where Celery's `worker_concurrency` decides."""
    return min((queue.concurrency for queue in queues if queue.concurrency), default=None)
