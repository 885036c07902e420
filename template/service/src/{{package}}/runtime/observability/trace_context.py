"""The context of a trace in a message's headers: W3C's `traceparent` and `tracestate`, or what OTEL_PROPAGATORS names.

Anybody may have put a message on the broker: a header of a wrong type or length is taken as none.
"""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from functools import cache
from typing import Any

from opentelemetry import baggage, propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, TraceFlags

__all__ = ["ATTEMPTS", "attempts_of", "context_of", "inject", "links_to", "note_attempt"]

ATTEMPTS = "trace_attempts"
"""The header with the last attempts of the task before this one, each as a `traceparent`."""

MOST_ATTEMPTS = 10

LONGEST = 8192
"""Characters; what W3C allows for `baggage`, the longest of them."""

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@cache
def _fields() -> frozenset[str]:
    return frozenset(propagate.get_global_textmap().fields)


@cache
def _is_default() -> bool:
    """Whether the propagators are OpenTelemetry's own choice.

    Nearly every message then has a `traceparent` alone. It is read and written without them, who take twice as long:
    for what is not sampled they would be a third of the cost.
    """
    return _fields() == {"traceparent", "tracestate", "baggage"}


def context_of(headers: Mapping[Any, Any]) -> Context:
    """The context that a message brings; an empty one, if it brings none."""
    present = _fields().intersection(headers)
    if not present:
        return Context()
    if _is_default() and present == {"traceparent"} and (above := _read(headers["traceparent"])):
        return trace.set_span_in_context(NonRecordingSpan(above), Context())
    found = {name: headers[name] for name in present if _is_text(headers[name])}
    return propagate.extract(found, Context())


def inject(headers: MutableMapping[str, Any], span: Span) -> None:
    """Make the message part of the span; what its headers have of an earlier one goes."""
    for name in _fields():
        headers.pop(name, None)
    own = span.get_span_context()
    if _is_default() and own.is_valid and not own.trace_state and not baggage.get_all():
        headers["traceparent"] = _written(own)
    else:
        propagate.inject(headers, trace.set_span_in_context(span))


def attempts_of(headers: Mapping[Any, Any]) -> list[str]:
    """The earlier attempts that a message brings."""
    noted = headers.get(ATTEMPTS)
    return [each for each in noted if _is_text(each)][-MOST_ATTEMPTS:] if isinstance(noted, list | tuple) else []


def note_attempt(headers: MutableMapping[str, Any], span: Span) -> None:
    """Add an attempt that others may follow."""
    if (own := span.get_span_context()).is_valid:
        headers[ATTEMPTS] = [*attempts_of(headers), _written(own)][-MOST_ATTEMPTS:]


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


def _written(span: SpanContext) -> str:
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST
