"""Builds a service's Celery application: finds, finalizes and checks every task. A broken one stops the process."""

import functools
import gc
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from . import schedule
from .brokers import Broker
from .brokers.compression import bound_decompression
from .idempotency import Store
from .options import check_values
from .service import UNSET, BreakerType, Migrations, Observer, Service, ServiceApp
from .settings import NAME, Settings, server_name, settings
from .task import service_tasks
from .task_modules import use_as_tasks
from .urls import MEMORY, REDIS, SQL

__all__ = ["create_app"]


def create_app(
    *,
    queues: type[Enum],
    broker: Callable[[Settings], Broker],
    store: type[Store],
    breaker: BreakerType | None = None,
    migrations: Migrations | None = None,
    observe: Sequence[Observer] = (),
    tasks: str,
    workflows: str,
) -> ServiceApp:
    """A configured application, with every module of the packages `tasks` and `workflows` imported.

    queues: the queue table, whose members' values are QueueClass. broker, store, breaker: the classes for what the
    environment's URLs lead to. migrations: of the service's own tables, with a SQL store. observe: what metrics, traces
    and errors go to. Raises ConfigurationError and TaskOptionError for what could never work, and whatever an import of
    a task's module raises.
    """
    values = settings()
    values.check("idempotency_url", store.schemes)
    bound_decompression(256 * values.payload_limit)  # many steps of a workflow, of full size each
    service = Service(queues, broker(values), store, breaker(values) if breaker else None, migrations)
    values.check("broker_url", (*service.broker.schemes, *MEMORY))
    app = ServiceApp(NAME, broker=values.broker_url or UNSET, amqp=service.broker.amqp_class, strict_typing=True)
    # Celery puts CELERY_RESULT_BACKEND, which may be another application's, before the setting, but not before this.
    app.backend_cls = _result_backend(values) or "disabled://"
    app.service, app.before_work = service, []
    app.contract_digest = functools.cache(lambda: _contract_digest(app))
    app.conf.update(_celery_settings(service, values))
    app.set_default()
    with _without_collection():
        task_modules = _import_all(tasks)
        _import_all(workflows)
        app.finalize()
        use_as_tasks(task_modules)
        own = service_tasks(app)
        for task in own:
            check_values(task, service, values)
        app.conf.update(schedule.celery_settings(own))
    for observer in observe:
        observer.install(app)
    return app


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no garbage while an application is built, of which all stays: a fifth of the time of many tasks."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _contract_digest(app: ServiceApp) -> str:
    from .contract import digest, document

    return digest(document(app))


def _import_all(package: str) -> list[ModuleType]:
    """The modules of a package, imported."""
    return [import_module(f"{package}.{module.name}") for module in iter_modules(import_module(package).__path__)]


def _celery_settings(service: Service, values: Settings) -> dict[str, Any]:
    queues = service.queues
    return {
        # What may travel: JSON alone, in and out.
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        # A message is redelivered, not lost, when its worker dies.
        "task_acks_late": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,
        "task_reject_on_worker_lost": False,
        "task_retry_on_worker_lost": True,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_prefetch_multiplier": 1,
        # Results are kept only where a task says why.
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "result_backend": _result_backend(values),
        "result_expires": values.retention,
        **_result_names(values),
        # Celery would create them in the first `.delay()`; whoever stores a result creates them.
        "database_create_tables_at_setup": False,
        # Queues: what the table says; Celery creates none by itself.
        "task_queues": service.broker.task_queues(queues),
        "task_routes": [_route],
        "task_default_queue": queues[0].wire_name,
        "task_create_missing_queues": False,
        # A publish ends within seconds, one way or the other: see the module `publishing`.
        "task_publish_retry": False,
        "broker_pool_acquire_timeout": values.attempt_timeout,
        "broker_connection_retry_on_startup": True,
        # What arrives and is no task becomes a dead letter.
        "worker_consumer": f"{__package__}.worker.consumer:ServiceConsumer",
        # Several services may share one broker.
        "control_exchange": f"{server_name()}.control",
        "event_exchange": f"{server_name()}.events",
        "worker_hijack_root_logger": False,
        "timezone": "UTC",
        **service.broker.celery_settings(queues),
    }


def _route(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **_: Any) -> dict[str, str] | None:
    """Celery's router: a task goes to the queue that it names (setting `task_routes`)."""
    queue = getattr(task, "work_queue", None)
    return {"queue": queue.value.wire_name} if queue else None


def _result_backend(values: Settings) -> str | None:
    """Celery's name for the result store: SQLAlchemy's URLs need a prefix, and the driver that a service has."""
    libraries = {"redis": REDIS, "sqlalchemy": SQL}
    values.check("result_url", [each for name, schemes in libraries.items() if find_spec(name) for each in schemes])
    url = values.result_url
    if not url or url.startswith("redis"):
        return url or None
    return re.sub("^db[+]postgres(ql)?:", "db+postgresql+psycopg:", f"db+{url}")


def _result_names(values: Settings) -> dict[str, Any]:
    if not values.namespace:
        return {}
    if values.result_url.startswith("postgres"):
        return {"database_engine_options": {"connect_args": {"options": f"-csearch_path={values.namespace}"}}}
    return {"result_backend_transport_options": {"global_keyprefix": f"{values.namespace}."}}
