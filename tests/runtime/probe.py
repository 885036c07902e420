"""Tasks of the tests alone, and the service's command that knows them: `python -m tests.probe worker`."""

from importlib import import_module
from pathlib import Path

from celery import shared_task

from {{ package }}.app import app, service_tasks
from {{ package }}.cli import group, main
from {{ package }}.idempotency import MODES
from {{ package }}.queues import Queue
from {{ package }}.schedule import celery_settings
from {{ package }}.task import ServiceTask

__all__ = ["effect", "failure", "group"]

SHORTEST = min(Queue, key=lambda queue: queue.value.longest_run)


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.effect",
    work_queue=SHORTEST,
    idempotency=MODES[0],
    key=("name",),
    soft_time_limit=5,
    time_limit=10,
)
def effect(self: ServiceTask, name: str, folder: str) -> None:
    """Leave one line for each run, where a test can count it."""
    with (Path(folder) / name).open("a") as file:
        file.write(f"{self.request.id}\n")


@shared_task(
    base=ServiceTask,
    bind=True,
    name="tests.failure",
    work_queue=SHORTEST,
    idempotency=MODES[0],
    soft_time_limit=5,
    time_limit=10,
)
def failure(self: ServiceTask) -> None:
    """Fail for good."""
    raise ValueError("it cannot work")


for file in sorted(Path(__file__).parent.glob("probe_*.py")):
    import_module(f"tests.{file.stem}")
app.conf.update(celery_settings(service_tasks(app)))

if __name__ == "__main__":
    main()
