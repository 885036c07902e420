"""A Celery application for the tests, told by the environment what to be.

EFFECTS names a file to which each run of a task appends its name: the durable effect outside the broker.
"""

import json
import os
import signal
import time

from celery import Celery, Task
from celery.exceptions import Reject

from runtime.brokers.redis import transport

if os.environ["DELIVERY"] == "atomic":
    transport.install()

app = Celery("service", broker=os.environ["BROKER"])
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_default_queue="work",
    broker_connection_retry_on_startup=True,
    broker_transport_options=json.loads(os.environ["OPTIONS"]),
    broker_use_ssl=json.loads(os.environ["SSL"]),
    worker_cancel_long_running_tasks_on_connection_loss=True,
    **json.loads(os.environ["SETTINGS"]),
)


@app.task(name="note")
def note(name: str, seconds: float = 0) -> None:
    """Take a while, then leave a line."""
    time.sleep(seconds)
    leave(name)


@app.task(name="kill_worker")
def kill_worker(name: str) -> None:
    """Leave a line, then take the whole process down (solo pool)."""
    leave(name)
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="reject")
def reject(name: str) -> None:
    """Leave a line, then ask for another delivery."""
    leave(name)
    raise Reject("again", requeue=True)


@app.task(name="later", bind=True, max_retries=1)
def later(self: "Task[..., None]", name: str, countdown: float) -> None:
    """Leave a line at the first attempt and at the second, `countdown` seconds later."""
    leave(f"{name}-{self.request.retries}")
    if not self.request.retries:
        raise self.retry(countdown=countdown)


def leave(line: str) -> None:
    """Append to the file of effects, in one write."""
    with open(os.environ["EFFECTS"], "a") as effects:
        effects.write(f"{line}\n")
