"""`python -m tests.runtime.service.threads`: a worker with one thread."""

from dataclasses import replace

from runtime.cli.worker import prepare
from runtime.worker import run

if __name__ == "__main__":
    prepare()

from .app import app

if __name__ == "__main__":
    run(app, [replace(queue, pool="threads", concurrency=1) for queue in app.service.queues])
