"""The context of a trace in a message's headers: W3C's `traceparent` and `tracestate`, or what OTEL_PROPAGATORS names.

Anybody may have put a message on the broker: a header of a wrong type or length is taken as none.
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from functools import cache
from typing import Any

from opentelemetry import baggage, propagate, trace
from opentelemetry.context import Context, get_current
from opentelemetry.trace import INVALID_SPAN, Link, NonRecordingSpan, Span, SpanContext, TraceFlags

from ..log_context import handled

__all__ = [
    "ATTEMPTS",
    "SPAN",
    "Unsampled",
    "attempts_of",
    "begins_a_trace",
    "context_of",
    "inject",
    "links_to",
    "note_attempt",
    "unsampled_by",
]

ATTEMPTS = "trace_attempts"
"""The header with the last attempts of the task before this one, each as a `traceparent`."""

MOST_ATTEMPTS = 10

LONGEST = 8192
"""Characters; what W3C allows for `baggage`, the longest of them."""

DEFAULT = frozenset({"traceparent", "tracestate", "baggage"})
"""The headers of OpenTelemetry's own choice of propagators."""

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
UNSAMPLED = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f][02468ace]")
"""One that is valid, and whose flags say that the trace is not sampled."""

(SPAN,) = trace.set_span_in_context(INVALID_SPAN, Context())
"""The key of the span in a context: OpenTelemetry's functions for it take longer than all else for a run."""


class Unsampled(NonRecordingSpan):
    """A span that is not sampled, by its `traceparent`: most of them are never read, only written on.

    Without one, no span.
    """

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    def get_span_context(self) -> SpanContext:
        """See Span."""
        return _read(self.traceparent) or INVALID_SPAN.get_span_context()

    def __repr__(self) -> str:
        return f"Unsampled({self.traceparent!r})"


@cache
def _fields() -> frozenset[str]:
    return frozenset(propagate.get_global_textmap().fields)


@cache
def _is_default() -> bool:
    """Whether the propagators are OpenTelemetry's own choice.

    Nearly every message then has a `traceparent` alone. It is read and written without them, who take twice as long:
    for what is not sampled they would be a third of the cost.
    """
    return _fields() == DEFAULT


def _has_no_more(headers: Mapping[Any, Any]) -> bool:
    """Whether a `traceparent` is all that a message has of a trace, if it has one."""
    return _is_default() and "tracestate" not in headers and "baggage" not in headers


def unsampled_by(headers: Mapping[Any, Any]) -> str:
    """The `traceparent` of a message that is part of an unsampled trace, and brings nothing else of it; else empty."""
    traceparent = headers.get("traceparent")
    if not isinstance(traceparent, str) or not UNSAMPLED.fullmatch(traceparent):
        return ""
    return traceparent if _has_no_more(headers) else ""


def begins_a_trace(headers: Mapping[Any, Any]) -> bool:
    """Whether a message is part of no trace, and needs a `traceparent` alone, where this thread has no context."""
    return DEFAULT.isdisjoint(headers) and _is_default() and not handled.get()


def context_of(headers: Mapping[Any, Any]) -> Context:
    """The context that a message brings; an empty one, if it brings none."""
    if unsampled := unsampled_by(headers):
        return Context({SPAN: Unsampled(unsampled)})
    if _has_no_more(headers):
        traceparent = headers.get("traceparent")
        if traceparent is None:
            return Context()
        if above := _read(traceparent):
            return Context({SPAN: NonRecordingSpan(above)})
    found = {name: headers[name] for name in _fields() if _is_text(headers.get(name))}
    return propagate.extract(found, Context())


def inject(headers: MutableMapping[str, Any], span: Span, context: Context | None = None) -> None:
    """Make the message part of the span; what its headers have of an earlier one goes.

    context: OpenTelemetry's current one, if it is known.
    """
    for name in _fields():
        headers.pop(name, None)
    context = get_current() if context is None else context
    alone = _is_default() and (context.keys() <= {SPAN} or not baggage.get_all(context))
    if alone and (isinstance(span, Unsampled) or not span.get_span_context().trace_state) and (own := _written(span)):
        headers["traceparent"] = own
    else:
        propagate.inject(headers, trace.set_span_in_context(span, context))


def attempts_of(headers: Mapping[Any, Any]) -> list[str]:
    """The earlier attempts that a message brings."""
    noted = headers.get(ATTEMPTS)
    return [each for each in noted if _is_text(each)][-MOST_ATTEMPTS:] if isinstance(noted, list | tuple) else []


def note_attempt(headers: MutableMapping[str, Any], span: Span) -> None:
    """Add an attempt that others may follow."""
    if own := _written(span):
        headers[ATTEMPTS] = [*attempts_of(headers), own][-MOST_ATTEMPTS:]


def links_to(attempts: Iterable[str]) -> list[Link]:
    """Links to the spans of attempts."""
    return [Link(span) for each in attempts if (span := _read(each))]


def _read(traceparent: object) -> SpanContext | None:
    """The span that a `traceparent` of version 00 names."""
    if not isinstance(traceparent, str) or not (found := TRACEPARENT.fullmatch(traceparent)):
        return None
    trace_id, span_id, flags = found.groups()
    span = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return span if span.is_valid else None


def _written(span: Span) -> str:
    """The `traceparent` that names the span; empty for one that is none."""
    if isinstance(span, Unsampled):
        return span.traceparent
    own = span.get_span_context()
    return f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}" if own.is_valid else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST
