"""A message's headers hold what OpenTelemetry's propagators would write, and are read as they read them."""

import pytest
from opentelemetry import baggage, context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

from runtime.observability.trace_context import context_of, inject

TRACE, SPAN = "1f" * 16, "0b" * 8


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-{SPAN}-00"},
        {"traceparent": f"00-{TRACE}-{SPAN}-03", "task": "another header"},
        {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "a=b,c=d"},
        {"traceparent": f"00-{TRACE}-{SPAN}-01", "baggage": "a=b"},
        {"traceparent": f" 00-{TRACE}-{SPAN}-01\t"},
        {"traceparent": f"cc-{TRACE}-{SPAN}-01-of a later version"},
        {"traceparent": f"00-{TRACE}-{SPAN}-01-and more"},
        {"traceparent": f"00-{TRACE}-{SPAN}-01\n"},
        {"traceparent": f"00-{TRACE.upper()}-{SPAN}-01"},
        {"traceparent": f"ff-{TRACE}-{SPAN}-01"},
        {"traceparent": f"00-{'0' * 32}-{SPAN}-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"tracestate": "a=b"},
        {"baggage": "a=b"},
        {},
    ],
)
def test_headers_are_read_as_the_propagators_read_them(headers: dict[str, str]) -> None:
    ours, theirs = context_of(headers), propagate.extract(headers, Context())
    assert seen(ours) == seen(theirs)
    assert ours.keys() == theirs.keys()


def seen(found: Context) -> tuple[object, ...]:
    span = trace.get_current_span(found).get_span_context()
    return (*span, span.trace_state, baggage.get_all(found))


@pytest.mark.parametrize(
    "span",
    [
        SpanContext(0x1F, 0x0B, is_remote=False, trace_flags=TraceFlags(3)),
        SpanContext(2**128 - 1, 2**64 - 1, is_remote=True),
        SpanContext(1, 1, is_remote=True, trace_state=TraceState([("a", "b")])),
        SpanContext(0, 0, is_remote=False),
    ],
)
@pytest.mark.parametrize("carried", [{}, {"a": "b"}], ids=["without baggage", "with baggage"])
def test_headers_are_written_as_the_propagators_write_them(span: SpanContext, carried: dict[str, str]) -> None:
    current = Context()
    for name, value in carried.items():
        current = baggage.set_baggage(name, value, current)
    theirs: dict[str, str] = {}
    propagate.inject(theirs, trace.set_span_in_context(NonRecordingSpan(span), current))
    ours = {"traceparent": "of an earlier span", "tracestate": "earlier=1", "baggage": "earlier=1"}
    token = context.attach(current)
    try:
        inject(ours, NonRecordingSpan(span))
    finally:
        context.detach(token)
    assert ours == theirs
