"""What type checkers know of `shared_task`: its options, the arguments of the function and what that returns.

`self` is of the class given as `base`, the parameters after it are those of a call, and of `delay`, `s`, `si` and
`apply_async` of a TypedTask, as far as types can say:

- `args` of `apply_async` is checked up to three items, beyond them and beside `kwargs` it may be any tuple. The values
  of `kwargs` are not checked: no type makes a dict out of a function's parameters.
- `s` takes all arguments, or all but the first: that one is then the result of the step before, as in a chain.
- `args` and `kwargs` of `signature` are not checked, since any part of them may be missing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypedDict, TypeVar, Unpack, overload

from celery.canvas import Signature
from celery.result import AsyncResult
from kombu import Exchange, Producer

from .idempotency import Mode
from .queues import QueueClass
from .task import ServiceTask

__all__ = ["TypedTask", "shared_task"]

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Base = TypeVar("Base", bound=ServiceTask)

class WorkQueue(Protocol):
    """A member of an Enum whose values are queue classes."""

    @property
    def value(self) -> QueueClass: ...

class TaskOptions(TypedDict, total=False):
    """What ServiceTask knows, then Celery's; without those of acknowledgement and results, which the runtime sets."""

    work_queue: WorkQueue
    idempotency: Mode
    key: tuple[str, ...]
    keep_result: str
    every: str
    breaker: str
    aliases: tuple[str, ...]
    former_arguments: dict[str, str]
    deprecated: str
    name: str
    soft_time_limit: float
    time_limit: float
    autoretry_for: Sequence[type[BaseException]]
    dont_autoretry_for: Sequence[type[BaseException]]
    max_retries: int | None
    default_retry_delay: float
    retry_backoff: bool | float
    retry_backoff_max: int
    retry_jitter: bool
    retry_kwargs: dict[str, Any]
    rate_limit: str
    throws: tuple[type[Exception], ...]
    expires: float | datetime
    priority: int
    serializer: str
    resultrepr_maxsize: int
    send_events: bool
    track_started: bool
    trail: bool
    typing: bool

class PublishOptions(TypedDict, total=False):
    """What `apply_async` takes beside `args` and `kwargs`."""

    task_id: str | None
    producer: Producer | None
    link: Signature[Any] | list[Signature[Any]] | None
    link_error: Signature[Any] | list[Signature[Any]] | None
    shadow: str | None
    countdown: float | None
    eta: datetime | None
    expires: float | datetime | None
    retry: bool
    retry_policy: Mapping[str, Any]
    queue: str
    exchange: str | Exchange
    routing_key: str
    priority: int
    serializer: str
    compression: str
    headers: dict[str, Any] | None
    add_to_parent: bool
    ignore_result: bool
    soft_time_limit: float
    time_limit: float
    root_id: str
    parent_id: str

class TypedTask(ServiceTask, Generic[P, R_co]):
    """A decorated function with parameters P, without `self`, that returns R."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    def run(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    def delay(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResult[R_co]: ...
    @overload  # type: ignore[override]  # narrower than Celery's on purpose
    def apply_async(
        self: Callable[[], Any], args: tuple[()] | None = None, kwargs: None = None, **options: Unpack[PublishOptions]
    ) -> AsyncResult[R_co]: ...
    @overload
    def apply_async(
        self: Callable[[A], Any], args: tuple[A], kwargs: None = None, **options: Unpack[PublishOptions]
    ) -> AsyncResult[R_co]: ...
    @overload
    def apply_async(
        self: Callable[[A, B], Any], args: tuple[A, B], kwargs: None = None, **options: Unpack[PublishOptions]
    ) -> AsyncResult[R_co]: ...
    @overload
    def apply_async(
        self: Callable[[A, B, C], Any], args: tuple[A, B, C], kwargs: None = None, **options: Unpack[PublishOptions]
    ) -> AsyncResult[R_co]: ...
    @overload
    def apply_async(
        self, args: tuple[Any, Any, Any, Any, *tuple[Any, ...]], kwargs: None = None, **options: Unpack[PublishOptions]
    ) -> AsyncResult[R_co]: ...
    @overload
    def apply_async(
        self, args: tuple[Any, ...] | None, kwargs: dict[str, Any], **options: Unpack[PublishOptions]
    ) -> AsyncResult[R_co]: ...
    @overload
    def apply_async(  # pyright: ignore[reportIncompatibleMethodOverride]  # narrower than Celery's on purpose
        self, *, kwargs: dict[str, Any], **options: Unpack[PublishOptions]
    ) -> AsyncResult[R_co]: ...
    @overload
    def s(self, *args: P.args, **kwargs: P.kwargs) -> Signature[R_co]: ...
    @overload
    def s(self: TypedTask[Concatenate[Any, Q], R_co], *args: Q.args, **kwargs: Q.kwargs) -> Signature[R_co]: ...
    def si(self, *args: P.args, **kwargs: P.kwargs) -> Signature[R_co]: ...
    def signature(
        self, args: tuple[Any, ...] | None = None, kwargs: dict[str, Any] | None = None, **options: Any
    ) -> Signature[R_co]: ...

def shared_task(
    *, base: type[Base], bind: Literal[True], **options: Unpack[TaskOptions]
) -> Callable[[Callable[Concatenate[Base, P], R]], TypedTask[P, R]]: ...
