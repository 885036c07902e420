"""The context of a trace in a message's headers: W3C's `traceparent` and `tracestate`, or what OTEL_PROPAGATORS names.

Anybody may have put a message on the broker: a header of a wrong type or length is taken as none.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from functools import cache
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = ["ATTEMPTS", "attempts_of", "context_of", "inject", "links_to", "note_attempt"]

ATTEMPTS = "trace_attempts"
"""The header with the last attempts of the task before this one, each as a `traceparent`."""

MOST_ATTEMPTS = 10

LONGEST = 8192
"""Characters; what W3C allows for `baggage`, the longest of them."""

W3C = TraceContextTextMapPropagator()


@cache
def _fields() -> frozenset[str]:
    return frozenset(propagate.get_global_textmap().fields)


def context_of(headers: Mapping[Any, Any]) -> Context:
    """The context that a message brings; an empty one, if it brings none."""
    found = {name: value for name in _fields() if _is_text(value := headers.get(name))}
    return propagate.extract(found, Context())


def inject(headers: MutableMapping[str, Any], span: Span) -> None:
    """Make the message part of the span; what its headers have of an earlier one goes."""
    for name in _fields():
        headers.pop(name, None)
    propagate.inject(headers, trace.set_span_in_context(span))


def attempts_of(headers: Mapping[Any, Any]) -> list[str]:
    """The earlier attempts that a message brings."""
    noted = headers.get(ATTEMPTS)
    return [each for each in noted if _is_text(each)][-MOST_ATTEMPTS:] if isinstance(noted, list | tuple) else []


def note_attempt(headers: MutableMapping[str, Any], span: Span) -> None:
    """Add an attempt that others may follow."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier, trace.set_span_in_context(span))
    if carrier:
        headers[ATTEMPTS] = [*attempts_of(headers), carrier["traceparent"]][-MOST_ATTEMPTS:]


def links_to(attempts: Iterable[str]) -> list[Link]:
    """Links to the spans of attempts."""
    contexts = (W3C.extract({"traceparent": each}, Context()) for each in attempts)
    spans = (trace.get_current_span(context).get_span_context() for context in contexts)
    return [Link(span) for span in spans if span.is_valid]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST
