"""The Celery application of a service, and the parts that `create_app` has put together in it."""

import functools
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, cast

from celery import Celery, current_app

from .brokers import Broker
from .errors import ConfigurationError, ServiceError, TaskOptionError
from .idempotency import Store
from .names import check_aliases
from .observers import ObservedTask, PublishObserver, RunObserver, told
from .queues import QueueClass
from .sending import PUBLISHED, lengthened
from .settings import NAME, Settings, settings

__all__ = [
    "UNSET",
    "Breaker",
    "BreakerType",
    "Migrations",
    "Observer",
    "Service",
    "ServiceApp",
    "compared_contracts",
    "current_service",
    "service_of",
]


log = logging.getLogger(__name__)

UNSET = "unset://"
"""The URL of a broker that no variable names: to connect fails."""


class Breaker(Protocol):
    """What circuit breakers offer to tasks; implemented by the module `breaker`."""

    def check(self, task: str, name: str) -> None:
        """Raise TaskOptionError or ConfigurationError for a circuit that could not work."""

    def states(self, names: Iterable[str]) -> dict[str, str]:
        """The state of each circuit: closed, open or half-open. Raises the client's errors if nobody answers."""

    def calling(
        self, name: str, transient: tuple[type[BaseException], ...]
    ) -> AbstractContextManager[Callable[..., Any]]:
        """A context manager that yields what calls a run through the circuit; raises CircuitOpen."""


BreakerType = Callable[[Settings], Breaker]
"""What makes the circuit breakers of a service: the class that the module `breaker` defines."""


class Migrations(Protocol):
    """What the migrations of the service's own tables offer; implemented by the module `migrations`."""

    def upgrade(self, url: str) -> list[str]:
        """Apply what the database at `url` lacks, and tell each; raises MigrationError and StoreUnavailable."""

    def lacking(self, url: str) -> list[str]:
        """The migrations that the database at `url` lacks; raises MigrationError and StoreUnavailable."""

    def differences(self, url: str) -> list[str]:
        """What a new migration of the migrated database at `url` would have to do."""


class Observer(Protocol):
    """What counts, traces or reports what a service does; implemented by the package `observability`."""

    def install(self, app: "ServiceApp") -> None:
        """Observe the application's runs and publishes, and connect to signals. Nothing is started in this process yet.

        See the modules `observers` and `signals`; Celery's signals tell the rest.
        """


@dataclass(frozen=True)
class Service:
    """What a service is made of."""

    table: type[Enum]
    """The queue table: its members' values are QueueClass."""
    broker: Broker
    store: type[Store]
    breaker: Breaker | None
    migrations: Migrations | None = None

    @property
    def queues(self) -> tuple[QueueClass, ...]:
        """The lines of the queue table."""
        return tuple(member.value for member in self.table)

    def open_store(self) -> Store:
        """The idempotency store that the environment names; raises ConfigurationError where it names none."""
        return self.store.open(settings().require("idempotency_url"))

    def lacking(self) -> list[str]:
        """The migrations that the store's database lacks, the runtime's first."""
        own = self.migrations.lacking(settings().require("idempotency_url")) if self.migrations else []
        return [*self.open_store().lacking(), *own]


class ServiceApp(Celery):
    """Celery, with the parts that `create_app` was given."""

    service: Service
    before_work: list[Callable[[str], None]]
    """Called with their name by the commands worker, beat and relay before they begin; what they raise ends those."""
    contract_digest: Callable[[], str]
    """See the module `contract`, which is imported when a message is refused."""
    task_cls: Any = ObservedTask
    run_observers: tuple[RunObserver, ...] = ()
    """Told of each run of a task, of Celery's own tasks too."""
    publish_observers: tuple[PublishObserver, ...] = ()
    """Told of each message of a task: retries and what follows a run, too."""

    def begin(self, command: str) -> None:
        """What a command does before its own work. Raises ServiceError."""
        for prepare in self.before_work:
            prepare(command)

    @property
    def _broker_url(self) -> str:
        """The service's own: Celery puts CELERY_BROKER_URL, which may be another application's, before its setting."""
        return self.service.broker.settings.broker_url or UNSET

    def connection_for_read(self, url: Any = None, *args: Any, **options: Any) -> Any:
        """Celery's own, to the broker that the service's variable names."""
        return super().connection_for_read(url or self._broker_url, *args, **options)

    def connection_for_write(self, url: Any = None, *args: Any, **options: Any) -> Any:
        """The same with the time limits of publishing, which are shorter than those of consuming."""
        publishing = self.service.broker.publishing_options()
        options["transport_options"] = {**publishing, **(options.get("transport_options") or {})}
        return super().connection_for_write(url or self._broker_url, *args, **options)

    def send_task(  # type: ignore[override]  # the other options are Celery's, passed on as they are
        self, name: Any, args: Any = None, kwargs: Any = None, countdown: Any = None, eta: Any = None, **options: Any
    ) -> Any:
        """Celery's own, which every publish of a task ends in; a delay is at least the broker's `shortest_delay`.

        A name that a task has now goes out as the first of its aliases.
        """
        name = getattr(self.tasks.get(name), "name", name)
        countdown, eta = lengthened(self, self.service.broker.shortest_delay, countdown, eta)
        options["headers"] = {**(options.get("headers") or {}), PUBLISHED: time.time()}
        if not self.publish_observers:
            return super().send_task(name, args, kwargs, countdown, eta, **options)
        ends = told(self.publish_observers, name, options)
        try:
            result = super().send_task(name, args, kwargs, countdown, eta, **options)
        except BaseException as error:
            told(ends, error)
            raise
        if ends:
            told(ends, None)
        return result

    def _task_from_fun(  # type: ignore[override]  # the options are Celery's, passed on as they are
        self, fun: Callable[..., Any], name: Any = None, **options: Any
    ) -> Any:
        """Celery's own; a task with aliases keeps the first as its `name`, and is registered under all its names.

        So messages, keys and schedules stay as workers and publishers of earlier releases know them.
        """
        own, aliases = name or self.gen_task_name(fun.__name__, fun.__module__), options.get("aliases") or ()
        check_aliases(own, aliases)
        if not aliases:
            return super()._task_from_fun(fun, name=name, **options)
        names, celery = (own, *aliases), cast("Any", self)  # the stubs leave its inner parts out
        for each in names:
            if each in celery._tasks:
                celery._warn_if_duplicate_task_name(celery._tasks[each], fun, each)
        task = super()._task_from_fun(fun, name=aliases[0], _own_name=own, **options)
        celery._tasks.update(dict.fromkeys(names, task))
        return task

    def type_checker(self, fun: Callable[..., Any], bound: bool = False) -> Any:
        """Celery's own compiles code for each task; this one does when the task is first published."""
        return _Header(functools.partial(super().type_checker, fun, bound))

    def _warn_duplicate_task_name(self, name: str, existing: str, new: str, consequence: str) -> None:
        """Celery's own warns that one of the two cannot be called."""
        raise TaskOptionError(
            f"expected one task to have the name {name}, its own or an alias, got: {existing} and {new}; "
            "rename one of them"
        )

    def _get_backend(self) -> Any:
        """Celery's own, which connects to a Redis of results before each publish; whoever reads one connects then."""
        backend: Any = super()._get_backend()  # type: ignore[misc]  # not in the stubs
        backend.on_task_call = lambda producer, task_id: None
        backend.mark_as_retry = functools.partial(_note_retry, backend.mark_as_retry)
        return backend


class _Header:
    """Stands in a task's class for what `make` makes, a static method."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = functools.cache(make)

    def __get__(self, task: object, owner: type | None = None) -> Any:
        return self._make().__get__(task, owner)


def _note_retry(mark_as_retry: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Store the state RETRY, or not: the retry is published, and what raised here would look like a failed run."""
    try:
        return mark_as_retry(*args, **options)
    except Exception as error:
        log.warning("The state RETRY of %s was not stored: %r", args[0], error)
        return None


def compared_contracts(app: Any, headers: Mapping[str, Any]) -> str:
    """What ends the reason for refusing a message: the contract that it was made from, if it names one, and ours."""
    made_from = headers.get("contract")
    if not isinstance(made_from, str) or not re.fullmatch("[0-9a-f]{12}", made_from):
        return ""
    try:
        ours = app.contract_digest()
    except ServiceError as none:
        ours = f"none ({none})"
    return f"; the message was made from contract {made_from}, and this worker has {ours}"


def service_of(app: Any) -> Service:
    """The parts of an application that `create_app` has made; raises ConfigurationError for any other one."""
    if not isinstance(app, ServiceApp):
        raise ConfigurationError(
            f"expected the current Celery application to be the one of {NAME}, got: {app!r}; import {NAME}.app first"
        )
    return app.service


def current_service() -> Service:
    """The parts of the current application; raises ConfigurationError where that is another one."""
    return service_of(current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy, in the stubs a Celery
