"""The base of every task: where idempotency, limits, the payload guard and dead letters meet Celery.

A task is a plain `@shared_task(base=ServiceTask, bind=True, ...)` with Celery's own options and these:

work_queue      a member of `Queue`; its longest run bounds `time_limit`
idempotency     "transactional", "lease", "at-most-once" or "natural": `idempotency.Store` says what each promises
key             names of the arguments that make a run the same run; without it the task's id is the key
keep_result     why the return value has to be kept; without it the result is ignored
every           a crontab or a period: see the module `schedule`
breaker         the name of a circuit that its runs go through, one for each dependency: see the module `breaker`
aliases         former full names, oldest first: the first one stays its `name` in messages, keys and schedules
former_arguments    former names of its arguments, each with the present one: messages keep the first of them
deprecated      what to use instead, said by a DeprecationWarning to who publishes it
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Never

from celery import Celery, Task
from celery.canvas import Signature
from celery.exceptions import Ignore, Reject, Retry
from celery.utils import uuid
from kombu.exceptions import OperationalError
from kombu.utils.json import dumps

from . import dead_letters
from .arguments import Arguments, prepare_steps
from .dead_letters.message import DEFERRALS, deferrals_of, without_history
from .delivery_limit import counting
from .errors import LeaseLost, PayloadError, RetryLater, TaskOptionError
from .idempotency import Mode
from .idempotency.notes import Noted, note
from .log_context import Log
from .names import warn_deprecated
from .observers import observed
from .options import check_names
from .payload import check_delay, check_payload, fingerprint
from .publishing import publish_with_deadline
from .schedule import slot_id
from .service import compared_contracts, service_of
from .settings import settings
from .signals import task_deferred, task_duplicate

if TYPE_CHECKING:  # there without SQLAlchemy, too
    from sqlalchemy.orm import Session

__all__ = ["ServiceTask", "service_tasks"]

log = Log(__name__)


class ServiceTask(Task[..., Any]):
    """A task that may be interrupted and run again at any moment."""

    abstract = True
    Request = f"{__package__}.worker.request:ServiceRequest"

    work_queue: ClassVar[Enum | None] = None
    """A member of the service's `Queue`: its class of work. Has to be given."""
    idempotency: ClassVar[Mode | None] = None
    """What a crash may do to the work: one of the store's modes. Has to be given."""
    key: ClassVar[tuple[str, ...]] = ()
    """The arguments that make two calls the same work. Without it the task's id does: a redelivery is the same."""
    keep_result: ClassVar[str | None] = None
    """Why the return value is kept in the result store. Without it, it is not kept."""
    every: ClassVar[str | None] = None
    """When beat publishes it, in UTC: five fields of a crontab, or `30s`, `5m`, `2h`, `1d`. It passes no arguments."""
    breaker: ClassVar[str | None] = None
    """The circuit that it shares with all tasks that name the same one; while that is open, runs are put off."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """Its former full names, oldest first: the first one stays its name in messages and keys."""
    former_arguments: ClassVar[dict[str, str]] = {}
    """Former names of arguments, each with the present one: the first one stays the name in messages."""
    deprecated: ClassVar[str | None] = None
    """What to use instead. Whoever publishes the task is warned with it."""

    _own_name = ""

    autoretry_for: ClassVar[tuple[type[BaseException], ...]] = ()
    retry_backoff = 1
    retry_backoff_max = 60
    retry_jitter = True
    max_retries = 5
    default_retry_delay = 5

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Refuse a misspelt option, and keep no result that nobody has asked for."""
        super().__init_subclass__(**arguments)
        check_names(cls)
        cls.ignore_result = cls.keep_result is None
        if cls.former_arguments:
            cls.typing = False  # Celery's own check of arguments, which knows no former names

    @property
    def own_name(self) -> str:
        """The name that the code gives it; `name`, which messages have, is the first of its aliases."""
        return self._own_name or self.name

    @property
    def names(self) -> tuple[str, ...]:
        """All its names, its own first."""
        return tuple(dict.fromkeys((self.own_name, *self.aliases)))

    @functools.cached_property
    def arguments(self) -> inspect.Signature:
        """The arguments that a message brings, without `self`."""
        return inspect.signature(self.run, eval_str=True)

    @functools.cached_property
    def typed(self) -> Arguments:
        """What checks the arguments of a call."""
        return Arguments(self.own_name, self.arguments, self.former_arguments)

    # ---- where it is published ----

    def checked(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments as they are published. Raises PayloadError for these, or those of a task that follows."""
        if self.deprecated:
            warn_deprecated(self.own_name, self.deprecated)
        check_delay(self.own_name, options, settings().max_delay)
        prepare_steps(self.app.tasks, options)
        return self.as_published(args, kwargs)

    def as_published(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call by their names in messages, each in one form. Raises PayloadError."""
        check_payload(self.own_name, args, kwargs, settings().payload_limit)
        args, kwargs = self.typed.checked(args, kwargs)
        return args, self.typed.on_wire(kwargs)

    def apply_async(  # type: ignore[override]  # the options are Celery's, passed on as they are
        self,
        args: Any = None,
        kwargs: Any = None,
        task_id: Any = None,
        producer: Any = None,
        *,
        check: bool = True,
        **options: Any,
    ) -> Any:
        """Celery's `apply_async`, for checked arguments; returns or raises PublishError within `publish_timeout`.

        With a `producer`, the time that this one is configured to wait. Without `check`, and for what follows a run
        that is over or repeats it, wrong arguments become a dead letter where they arrive: the caller is not at fault.
        """
        settings().require("broker_url")
        positional, named = args or (), kwargs or {}
        if check and "retries" not in options and not options.get("parent_id"):
            positional, named = self.checked(positional, named, options)
        elif check:
            check_payload(self.own_name, positional, named, settings().payload_limit)
        named = self.typed.on_wire(named)
        options["headers"] = without_history(options.get("headers") or {})
        options["headers"].setdefault("first_published", datetime.now(UTC).isoformat())
        scheduled = self.every and options["headers"].get("celery_beat_task")
        task_id = task_id or (slot_id(self) if scheduled else uuid())
        publish: Any = functools.partial(super().apply_async, positional, named, task_id, **options)
        if producer is not None:
            return publish(producer=producer)
        return publish_with_deadline(
            f"{self.name} with id {task_id}",
            lambda producer: publish(producer=producer, retry=False, confirm_timeout=settings().attempt_timeout),
        )

    def si(self, *args: Any, **kwargs: Any) -> "Signature[Any]":
        """Celery's immutable signature, whose arguments are all known: checked where it is made."""
        args, kwargs = self.as_published(args, kwargs)
        return super().si(*args, **kwargs)

    def signature(self, args: Any = None, kwargs: Any = None, *parts: Any, **options: Any) -> "Signature[Any]":
        """Celery's own, with the names that messages have for its arguments."""
        return super().signature(args, self.typed.on_wire(kwargs or {}), *parts, **options)

    # ---- where it runs ----

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run once for each key; a plain call, as in a unit test, only runs."""
        request: Any = self.request
        if request.called_directly:
            return super().__call__(*args, **self.typed.present(kwargs))
        app: Any = self.app
        return observed(app.run_observers, self, request, self._handle, args, kwargs)

    def _handle(self, *args: Any, **kwargs: Any) -> Any:
        try:
            with counting(service_of(self.app), self.request):
                return self._run_once(args, kwargs)
        except (Ignore, Reject, Retry):
            raise
        except Exception as failure:
            if (published := getattr(self.request, "published_retry", None)) is not None:
                # Not a second end of this attempt, such as a letter: the task goes on in the message that is published.
                log.warning("failed after its retry", task=self.name, id=self.request.id, error=repr(failure))
                raise published from failure
            if isinstance(failure, RetryLater):
                self._defer(failure)
            if isinstance(failure, LeaseLost):
                # It is no failure: the work is the other delivery's, which has an end of its own.
                log.warning("lease lost", task=self.name, id=self.request.id, error=str(failure))
                raise Ignore from failure
            if isinstance(failure, MemoryError):
                # Celery raises it again in the main process, which then never acknowledges the message.
                raise Reject(failure, requeue=True) from failure
            self._dead_letter(failure)
            raise

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Celery's hook, for what fails after the run: its result could not be stored, or the next task not published.

        The message is requeued then. The key is done, so that only what follows the run is repeated.
        """
        if self.request.called_directly or getattr(self.request, "dead_lettered", False):
            return
        if isinstance(exc, OperationalError):
            log.error("requeued", task=self.name, id=task_id, error=str(exc))
            raise Reject(exc, requeue=True)
        self._dead_letter(exc)

    def _dead_letter(self, failure: Exception) -> None:
        """Store the dead letter before Celery handles the failure; where that fails, requeue the message."""
        request: Any = self.request
        try:
            dead_letters.store_run(self, request, failure)
        except Exception as unstored:
            raise Reject(f"its dead letter could not be stored: {unstored!r}", requeue=True) from failure
        request.dead_lettered = True

    def _run_once(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request: Any = self.request
        try:
            checked_args, checked_kwargs = self.typed.checked(args, kwargs)
        except PayloadError as refused:
            if contracts := compared_contracts(self.app, request.headers or {}):
                raise PayloadError(f"{refused}{contracts}") from refused
            raise
        key = self.key_of(request.id, checked_args, checked_kwargs)
        # Of what came, by the names that messages have: earlier releases have stored it so.
        whole, given = (fingerprint(self.typed.on_wire(each)) for each in self._bound(args, kwargs))
        mode: Any = self.idempotency  # checked at start-up
        with (
            self._circuit() as call,
            service_of(self.app)
            .open_store()
            .attempt(
                mode,
                key=key,
                owner=request.id,
                fingerprint=whole,
                given=given,
                lease=settings().key_lease,
                retention=settings().retention,
                suspend_on=(Retry,),
            ) as attempt,
        ):
            if attempt.done:
                log.info("duplicate", task=self.name, id=request.id, key=key)
                task_duplicate.send(self, request=request, key=key)
                return attempt.result
            request.idempotency_key, request.session = key, attempt.session
            try:
                result = call(self.run, *checked_args, **checked_kwargs)
                if attempt.session is not None:
                    attempt.session.flush()
            except Exception as failure:
                self._note_failed(failure)
                raise
            if self.keep_result:
                attempt.result = result
        log.info("done", task=self.name, id=request.id, key=key)
        return result if self.keep_result else None

    def _note_failed(self, failure: Exception) -> None:
        """While the key is still held: between the two, nothing would be known of the task."""
        request: Any = self.request
        open_store = service_of(self.app).open_store
        if self.idempotency == "natural" or (request.session is not None and open_store().one_writer):
            return
        what: Noted = "done" if isinstance(failure, Ignore) else "deferred"
        note(open_store, self.name, request.id, what, settings().retention)

    def _circuit(self) -> AbstractContextManager[Callable[..., Any]]:
        breaker = service_of(self.app).breaker
        if self.breaker is None or breaker is None:  # the second was refused at start-up
            return nullcontext(lambda run, *args, **kwargs: run(*args, **kwargs))
        return breaker.calling(self.breaker, self.autoretry_for)

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arguments by name, with the defaults of those that are not given, and without."""
        bound = self.arguments.bind(*args, **self.typed.present(kwargs))
        given = dict(bound.arguments)
        bound.apply_defaults()
        return bound.arguments, given

    def key_of(self, task_id: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """The idempotency key of the task with this id. The arguments, as `checked` returns them, matter with `key`."""
        if not self.key:
            return f"{self.name}:{task_id}"
        arguments, _ = self._bound(args, kwargs)
        return f"{self.name}:{dumps([arguments[name] for name in self.key])}"

    def _defer(self, later: RetryLater) -> Never:
        """Publish this delivery again, with the same id and a countdown; see `RetryLater` for how long.

        It uses up none of the task's retries: nothing has failed.
        """
        headers = dict(self.request.headers or {})
        deferrals = headers[DEFERRALS] = deferrals_of(headers) + 1
        delay = later.retry_after
        if later.doubling:
            delay = min(delay, 2.0 ** min(deferrals - 1, 10))
        again = self.signature_from_request(
            self.request, countdown=delay, retries=self.request.retries, headers=headers
        )
        try:
            again.apply_async()
        except Exception as unsent:
            raise Reject(unsent, requeue=True) from unsent
        log.info("deferred", task=self.name, id=self.request.id, delay=delay)
        task_deferred.send(self, request=self.request, delay=delay)
        raise Ignore

    if not TYPE_CHECKING:  # for type checkers, Celery's own with its parameters

        def retry(self, *args: Any, **kwargs: Any) -> Any:
            """Celery's `retry`, except that a retry which cannot be published is requeued (Celery drops it)."""
            try:
                published = super().retry(*args, **kwargs)
            except Retry as raised:
                self.request.published_retry = raised
                raise
            except Reject as unsent:
                raise Reject(unsent, requeue=True) from unsent
            self.request.published_retry = published  # with throw=False
            return published

    @property
    def idempotency_key(self) -> str:
        """The key of this run, to pass on to whatever takes one."""
        request: Any = self.request
        key: str = request.idempotency_key
        return key

    @property
    def session(self) -> "Session":
        """The SQL session in which a `transactional` task's effect commits together with its key."""
        request: Any = self.request
        if request.session is None:
            raise TaskOptionError(
                f"expected idempotency of {self.own_name} to be transactional, the mode that has a session, "
                f"got: {self.idempotency}; change the mode"
            )
        session: Session = request.session
        return session


def service_tasks(app: Celery) -> list[ServiceTask]:
    """The service's own tasks, each once, sorted by name; Celery's built-in ones are left out.

    Raises TaskOptionError for a task without the base class: nothing would be promised for it.
    """
    own = []
    for name, task in sorted(app.tasks.items()):
        if isinstance(task, ServiceTask):
            own += [task] if name == task.own_name else []
        elif not name.startswith("celery."):
            raise TaskOptionError(f"expected base of {name} to be ServiceTask, got: none; add base=ServiceTask")
    return own
