"""`python -m tests.runtime.service.prefetching`: a worker with one process, which holds many messages."""

from dataclasses import replace

from runtime.worker import run

from .app import app

if __name__ == "__main__":
    run(app, [replace(queue, prefetch=10, concurrency=1) for queue in app.service.queues])
