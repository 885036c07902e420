"""Traces: one from whatever publishes a task to its effect, through outbox, retries, dead letter and replay.

The spans have the names and attributes that opentelemetry-instrumentation-celery gives them, `apply_async/TASK` and
`run/TASK`, and none of what it gets wrong: it leaves the span of a publish that fails as the current one, quotes errors
with their values, and knows no outbox, dead letter or replay. No argument, result or text of an error is an attribute.
"""

import threading
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from celery.exceptions import Retry
from celery.states import FAILURE
from opentelemetry import context as current
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode

from .. import log_context
from ..delivery_limit import redeliveries
from ..publishing import WORKFLOW
from ..service import ServiceApp
from ..signals import (
    before_dead_letter_publish,
    before_outbox_insert,
    before_replay_publish,
    before_workflow_publish,
    dead_letter_replayed,
    dead_letter_stored,
    task_deferred,
    task_duplicate,
)
from .trace_context import (
    SPAN,
    Unsampled,
    attempts_of,
    begins_a_trace,
    context_of,
    inject,
    links_to,
    note_attempt,
    unsampled_by,
)
from .trace_settings import exports, read_dotenv

if TYPE_CHECKING:
    from .trace_sampling import Unsampling

__all__ = ["Traces"]


class Here(threading.local):
    """What goes on in one thread."""

    def __init__(self) -> None:
        self.runs: list[tuple[object, Span, Any]] = []
        """Runs that go on: the task's id, the span, and what detaches its context. The last one stays while Celery
        publishes what follows it."""
        self.publishing: Span = trace.INVALID_SPAN
        """Of a dead letter or a replay, until the broker has it; one that it does not take is not exported."""
        self.followed = Unsampled("")
        """What the messages of unsampled runs bring, one after the other: attached once, since that takes longer than
        all else for a run."""


class Traces:
    """Makes the spans (an Observer)."""

    def install(self, app: ServiceApp) -> None:
        """See Observer; raises ConfigurationError for a variable that could not work."""
        read_dotenv()
        self._unsampling: Unsampling | None = None
        if exports():
            from .trace_export import provide  # the SDK is imported where it is used

            self._unsampling = provide()
        self._tracer = trace.get_tracer("celery")
        self._app = app
        self._here = Here()
        app.run_observers += (self._begin_run,)
        app.publish_observers += (self._begin_publish,)
        vars(app.loader)["on_process_cleanup"] = self._leave_runs  # what Celery calls at the end of a delivery
        log_context.processors.append(self._add_trace)
        receivers: dict[Any, Callable[..., None]] = {
            task_duplicate: self._note_duplicate,
            task_deferred: self._note_deferral,
            before_outbox_insert: self._begin_outbox,
            before_workflow_publish: self._begin_workflow,
            before_dead_letter_publish: self._begin_dead_letter,
            dead_letter_stored: self._end_publishing,
            before_replay_publish: self._begin_replay,
            dead_letter_replayed: self._end_publishing,
        }
        for signal, receiver in receivers.items():
            signal.connect(receiver, weak=False)

    # ---- where it is published ----

    def _begin_publish(self, name: str, options: dict[str, Any]) -> Callable[[BaseException | None], None] | None:
        """A span for each attempt to publish a message."""
        headers, here = options["headers"], current.get_current()
        unsampling = self._unsampling
        if not here and unsampling and begins_a_trace(headers) and (begun := unsampling.begun()):
            # Where much is published nearly all do. No context is attached for it: that takes longer than all of this.
            headers["traceparent"] = begun
            return None
        task_id, runs = options.get("task_id"), self._here.runs
        span = self._start("apply_async", name, task_id, parent_of(headers, here))
        if runs and runs[-1][0] == task_id:  # this run's next attempt
            note_attempt(headers, runs[-1][1])
        inject(headers, span, here)
        if span is here.get(SPAN):
            return None
        return partial(self._end_publish, span, current.attach(Context({**here, SPAN: span})))

    def _end_publish(self, span: Span, token: Any, error: BaseException | None) -> None:
        if error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        span.end()
        current.detach(token)

    def _begin_outbox(self, sender: str, task_id: str, options: MutableMapping[str, Any], **_: Any) -> None:
        """A row of the outbox keeps the context: the relay's span is a part of this one."""
        headers = dict(options.get("headers") or {})
        span = self._start("outbox", sender, task_id, current.get_current())
        inject(headers, span)
        span.end()
        options["headers"] = headers

    def _begin_workflow(self, sender: str, headers: MutableMapping[str, Any], **_: Any) -> None:
        """Steps that are published side by side, and are part of nothing yet, are part of one trace."""
        if parent_of(headers) == Context():
            attributes = self._attributes("workflow", WORKFLOW, sender)
            with self._tracer.start_as_current_span("workflow", Context(), SpanKind.PRODUCER, attributes) as span:
                inject(headers, span)

    # ---- where it runs ----

    def _begin_run(self, task: Any, request: Any) -> Callable[[str, BaseException | None], None] | None:
        headers, eager = request.headers or {}, request.is_eager
        if self._unsampling and not eager and (brought := unsampled_by(headers)):
            self._follow(brought)
            return None
        runs = self._here.runs
        if runs and not eager:  # of a delivery that has ended without Celery's cleanup
            self._leave_runs()
        context = parent_of(headers) if eager else context_of(headers)
        above: Any = context.get(SPAN)
        if (span := self._unsampled(above)) is None:
            links = links_to(attempts_of(headers))
            span = self._sampled("run", task.name, request.id, context, SpanKind.CONSUMER, links)
            if request.retries:
                span.set_attribute("celery.retries", request.retries)
            if count := redeliveries(request):
                span.set_attribute("celery.redeliveries", count)
        if span is not above:  # else what the message brings is the context already
            context = trace.set_span_in_context(span, context)
        runs.append((request.id, span, current.attach(context)))
        return partial(self._end_run, span, eager) if eager or span is not above else None

    def _follow(self, traceparent: str) -> None:
        """Make the run that begins a part of an unsampled trace, as nearly all are where much runs."""
        followed = self._here.followed
        if current.get_current().get(SPAN) is not followed:
            self._leave_runs()
            current.attach(Context({SPAN: followed}))
        followed.traceparent = traceparent

    def _end_run(self, span: Span, eager: bool, state: str, error: BaseException | None) -> None:
        if span.is_recording():
            span.set_attribute("celery.state", state)
            if isinstance(error, Retry):
                span.set_attribute("celery.retry.reason", type(error.exc).__name__)
            if state == FAILURE:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            span.end()
        if eager:
            current.detach(self._here.runs.pop()[-1])

    def _leave_runs(self) -> None:
        here = self._here
        here.followed.traceparent = ""
        while here.runs:
            current.detach(here.runs.pop()[-1])

    def _note_duplicate(self, **_: Any) -> None:
        trace.get_current_span().add_event("duplicate dropped")

    def _note_deferral(self, delay: float, **_: Any) -> None:
        trace.get_current_span().add_event("deferred", {"celery.countdown": delay})

    # ---- where it dies, and is replayed ----

    def _begin_dead_letter(self, headers: dict[str, Any], reason: str, **_: Any) -> None:
        kind = reason.partition(":")[0]
        span = self._begin("dead_letter", headers)
        span.set_attribute("celery.dead_letter.reason", kind)
        span.set_status(Status(StatusCode.ERROR, kind))
        if (runs := self._here.runs) and runs[-1][0] == headers.get("id"):
            note_attempt(headers, runs[-1][1])
        inject(headers, span)

    def _begin_replay(self, headers: dict[str, Any], **_: Any) -> None:
        inject(headers, self._begin("replay", headers))

    def _end_publishing(self, **_: Any) -> None:
        self._here.publishing.end()
        self._here.publishing = trace.INVALID_SPAN

    def _begin(self, action: str, headers: Mapping[str, Any]) -> Span:
        """A span of the trace that the message belongs to; of a replay, whoever asks for it is linked."""
        name = headers.get("task")
        task = self._app.tasks.get(name) if isinstance(name, str) else None
        name = task.name if task else "unknown"  # any other name is whatever somebody has sent
        run, own = trace.get_current_span().get_span_context(), context_of(headers)
        links = [Link(run)] if action == "replay" and run.is_valid else []
        parent = own if action == "replay" else parent_of(headers)
        self._here.publishing = self._start(action, name, headers.get("id"), parent, links=links)
        return self._here.publishing

    def _start(self, action: str, task: str, task_id: object, parent: Context, links: Sequence[Link] = ()) -> Span:
        """A span of a publisher below that of `parent`."""
        above: Any = parent.get(SPAN)
        return self._unsampled(above) or self._sampled(action, task, task_id, parent, SpanKind.PRODUCER, links)

    def _unsampled(self, above: Span | None) -> Span | None:
        """See Unsampling; None where the sampler has to be asked."""
        return self._unsampling.below(above) if self._unsampling else None

    def _sampled(
        self, action: str, task: str, task_id: object, parent: Context, kind: SpanKind, links: Sequence[Link]
    ) -> Span:
        return self._tracer.start_span(f"{action}/{task}", parent, kind, self._attributes(action, task, task_id), links)

    def _attributes(self, action: str, task: str, task_id: object) -> dict[str, Any]:
        attributes: dict[str, Any] = {"celery.action": action, "celery.task_name": task, "messaging.system": "celery"}
        if isinstance(task_id, str):
            attributes["messaging.message.id"] = task_id[:255]
        if queue := getattr(self._app.tasks.get(task), "work_queue", None):
            attributes["messaging.destination.name"] = queue.value.wire_name
        return attributes

    # ---- the log ----

    def _add_trace(self, logger: Any, method: str, event: log_context.EventDict) -> log_context.EventDict:
        """Add `trace_id` and `span_id` to a line of a log (a processor of structlog)."""
        if (own := trace.get_current_span(parent_of({})).get_span_context()).is_valid:
            event["trace_id"], event["span_id"] = trace.format_trace_id(own.trace_id), trace.format_span_id(own.span_id)
        return event


def parent_of(headers: Mapping[Any, Any], here: Context | None = None) -> Context:
    """What goes on in this thread, else what the message brings, else the message that a worker handles.

    here: OpenTelemetry's current context, if it is known.
    """
    here = current.get_current() if here is None else here
    span: Any = here.get(SPAN)
    if span and (span.traceparent if isinstance(span, Unsampled) else span.get_span_context().is_valid):
        return here
    handled = log_context.handled.get()
    return context_of(headers) or (context_of(handled) if handled else Context())
