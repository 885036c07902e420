"""The Celery application. Importing it finds, finalizes and checks every task: a broken one stops the process.

`from <package>.app import app` for a worker or a producer; task files need neither, they use `@shared_task`.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from celery import Celery

from . import NAME, broker, schedule, tasks, workflows
from .errors import TaskOptionError
from .options import check_values
from .queues import Queue
from .settings import Settings, settings
from .task import ServiceTask

__all__ = ["app", "create_app", "service_tasks"]


class Service(broker.Application):
    """Celery, whose publishing waits for the broker alone, and gives up on it sooner than its consuming does."""

    def connection_for_write(self, url: Any = None, *args: Any, **options: Any) -> Any:
        """Celery's own, for every producer of the service."""
        options["transport_options"] = {**broker.PUBLISHING, **(options.get("transport_options") or {})}
        return super().connection_for_write(url, *args, **options)

    def _get_backend(self) -> Any:
        """Celery's own, which connects to a Redis of results before each publish; whoever reads one connects then."""
        backend: Any = super()._get_backend()  # type: ignore[misc]  # not in the stubs
        backend.on_task_call = lambda producer, task_id: None
        return backend


def create_app(settings: Settings) -> "Celery[Any]":
    """A configured application, with every file in `tasks` imported."""
    queues = [queue.value for queue in Queue]
    broker.check_times(settings, queues)
    app: Celery[Any] = Service(NAME, broker=settings.broker_url or "unset://", strict_typing=True)
    app.conf.update(
        # What may travel: JSON alone, in and out.
        task_serializer="json",
        result_serializer="json",
        event_serializer="json",
        accept_content=["json"],
        result_accept_content=["json"],
        # A message is given back, not lost, when its worker dies.
        task_acks_late=True,
        task_acks_on_failure=True,
        task_acks_on_timeout=True,
        task_reject_on_worker_lost=False,
        task_retry_on_worker_lost=True,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_enable_soft_shutdown_on_idle=False,
        worker_prefetch_multiplier=1,
        # Results are kept only where a task says why.
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        result_backend=result_backend(settings.result_url),
        result_expires=settings.retention,
        database_create_tables_at_setup=False,  # which is in the first `.delay()`; whoever stores a result creates them
        # Queues: what the table says, and nothing made up on the way.
        task_queues=broker.task_queues(settings, queues),
        task_routes=[route],
        task_default_queue=queues[0].wire_name,
        task_create_missing_queues=False,
        # A publish ends within seconds, one way or the other: see the room `publishing`.
        task_publish_retry=False,
        broker_pool_acquire_timeout=broker.LONGEST_TRY,
        broker_connection_retry_on_startup=True,
        # What arrives and is no task becomes a dead letter.
        worker_consumer=f"{__package__}.consumer:ServiceConsumer",
        # Several services may share one broker.
        control_exchange=f"{NAME}.control",
        event_exchange=f"{NAME}.events",
        worker_hijack_root_logger=False,
        timezone="UTC",
        **broker.celery_settings(settings, queues),
    )
    app.set_default()
    discover()
    app.finalize()
    for task in service_tasks(app):
        check_values(task, settings)
    app.conf.update(schedule.celery_settings(service_tasks(app)))
    return app


def discover() -> None:
    """Import every file of `tasks` and `workflows`. An error in one is raised, never turned into a warning."""
    for room in (tasks, workflows):
        for module in iter_modules(room.__path__):
            import_module(f"{room.__name__}.{module.name}")


def service_tasks(app: "Celery[Any]") -> list[ServiceTask]:
    """The service's own tasks, sorted by name; Celery's built-in ones are left out.

    Raises TaskOptionError for a task without the base class: nothing would be promised for it.
    """
    own = []
    for name, task in sorted(app.tasks.items()):
        if isinstance(task, ServiceTask):
            own.append(task)
        elif not name.startswith("celery."):
            raise TaskOptionError(f"expected base of {name} to be ServiceTask, got: none; add base=ServiceTask")
    return own


def route(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **_: Any) -> dict[str, str] | None:
    """Celery's router: a task goes to the queue that it names (setting `task_routes`)."""
    queue = getattr(task, "work_queue", None)
    return {"queue": queue.value.wire_name} if queue else None


def result_backend(url: str) -> str | None:
    """Celery's name for the result store: SQLAlchemy's URLs need a prefix."""
    if not url:
        return None
    return url if url.startswith("redis") else f"db+{url}"


app = create_app(settings())
