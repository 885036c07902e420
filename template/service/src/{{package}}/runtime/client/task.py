"""A task of the service, as callers see it: a function that is published, and not run here."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, ParamSpec, Protocol, Self, TypedDict, TypeVar, Unpack

from celery.canvas import Signature
from typing_extensions import deprecated

from ..errors import PayloadError
from .app import ClientApp
from .contract import Contract

__all__ = ["OMITTED", "DeprecatedTask", "Options", "Sent", "Task"]

P = ParamSpec("P")
K = TypeVar("K", bound=Mapping[str, object])

SEE = "This task is deprecated: its docstring, and the warning at run time, say what to call."


class Omitted:
    """The default of an argument that is not sent: the worker knows it."""

    def __repr__(self) -> str:
        """In the signature that an error shows."""
        return "..."


OMITTED: Any = Omitted()


@dataclass(frozen=True)
class Sent:
    """A task that the broker has. Its result stays with the service: publish the same id again, and it runs once."""

    id: str
    task: str


class Client(Protocol):
    """What publishes a task: see `BaseClient`."""

    @property
    def app(self) -> ClientApp:
        """The Celery application behind it."""

    @property
    def contract(self) -> Contract:
        """What the tasks take."""


class Options(TypedDict, total=False):
    """What `apply_async` takes beside the arguments.

    countdown: seconds. eta: a time zone that is not given is UTC. expires: seconds, or a moment, after which a worker
    does not start it any more. task_id: publishing the same id again is no new work.
    """

    countdown: float | None
    eta: datetime | None
    expires: float | datetime | None
    task_id: str | None


class Task(Generic[P, K]):
    """What calls a task: P are its parameters, K its arguments by name.

    Raises PayloadError before anything is sent, for what the contract does not allow; PublishError within
    `publish_timeout` seconds, where the broker does not confirm that it has the message; ConfigurationError.
    """

    def __init__(self, client: Client, key: str, function: Callable[P, None]) -> None:
        self._client, self._key, self._function = client, key, function
        self.__doc__, self.__name__, self.__module__ = function.__doc__, function.__name__, function.__module__
        self.__signature__ = inspect.signature(function)

    @property
    def name(self) -> str:
        """Celery's name of the task, as it stands in messages."""
        return self._client.contract.tasks[self._key].name

    @property
    def own_name(self) -> str:
        """The full name that the service's code gives it."""
        return self._client.contract.tasks[self._key].own_name

    def on(self, client: Client) -> Self:
        """The same task, published through another client."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._client = client
        return copy

    def delay(self, /, *args: P.args, **kwargs: P.kwargs) -> Sent:
        """Publish it."""
        return self._apply_async(*self._bound(args, kwargs))

    def apply_async(self, kwargs: K, **options: Unpack[Options]) -> Sent:
        """Publish it with its arguments by name, and with options."""
        return self._apply_async(kwargs, (), **options)

    def signature(self, /, *args: P.args, **kwargs: P.kwargs) -> "Signature[Any]":
        """Celery's immutable signature, for `publish_many` or to be published later: its arguments are checked."""
        app = self._client.app
        positional, named = app.message(self._key, *self._bound(args, kwargs))
        return Signature(self.name, args=tuple(positional), kwargs=named, immutable=True, app=app)

    def formerly(self, name: str) -> "DeprecatedTask[P, K]":
        """The same task by its former name."""
        task = DeprecatedTask[P, K](self._client, self._key, self._function, f"it is called {self.__name__} now")
        task.__name__ = name
        return task

    def _apply_async(
        self,
        values: Mapping[str, Any],
        rest: tuple[Any, ...],
        countdown: Any = None,
        eta: Any = None,
        expires: Any = None,
        task_id: Any = None,
    ) -> Sent:
        if not isinstance(values, Mapping):
            raise PayloadError(
                f"expected the arguments of {self.name} by name, got: {values!r:.100}; pass a dict, or call delay"
            )
        app = self._client.app
        positional, named = app.message(self._key, values, rest)
        options = {"countdown": countdown, "eta": eta, "expires": expires, "task_id": task_id}
        return Sent(app.send_task(self.name, positional, named, check=False, **options).id, self.name)

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[dict[str, Any], tuple[Any, ...]]:
        """The arguments by name, and those that have none."""
        try:
            bound = self.__signature__.bind(*args, **kwargs)
        except TypeError as wrong:
            accepted = self.__signature__.replace(return_annotation=inspect.Signature.empty)
            raise PayloadError(
                f"expected the arguments of {self.name} to be {accepted}, got: {str(wrong).removeprefix('got ')}; "
                "correct the call"
            ) from wrong
        values: dict[str, Any] = {}
        rest: tuple[Any, ...] = ()
        for parameter in self.__signature__.parameters.values():
            value = bound.arguments.get(parameter.name, ())
            if parameter.kind is parameter.VAR_POSITIONAL:
                rest = value
            elif parameter.kind is parameter.VAR_KEYWORD:
                values |= value or {}
            elif parameter.name in bound.arguments and value is not OMITTED:
                values[parameter.name] = value
        return values, rest


class DeprecatedTask(Task[P, K]):
    """A task that callers should no longer name; each call warns with what to call instead."""

    def __init__(self, client: Client, key: str, function: Callable[P, None], instead: str) -> None:
        super().__init__(client, key, function)
        self._instead = instead

    @deprecated(SEE, category=None)
    def delay(self, /, *args: P.args, **kwargs: P.kwargs) -> Sent:
        """See Task."""
        self._warn()
        return super().delay(*args, **kwargs)

    @deprecated(SEE, category=None)
    def apply_async(self, kwargs: K, **options: Unpack[Options]) -> Sent:
        """See Task."""
        self._warn()
        return super().apply_async(kwargs, **options)

    @deprecated(SEE, category=None)
    def signature(self, /, *args: P.args, **kwargs: P.kwargs) -> "Signature[Any]":
        """See Task."""
        self._warn()
        return super().signature(*args, **kwargs)

    def _warn(self) -> None:
        warnings.warn(f"{self.__name__} is deprecated: {self._instead}", DeprecationWarning, stacklevel=3)
