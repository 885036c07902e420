"""A message's headers hold what OpenTelemetry's propagators would write, and are read as they read them."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry import baggage, context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

from runtime.observability.trace_context import Unsampled, context_of, inject

from ..conftest import TRACED

TRACE, SPAN = "1f" * 16, "0b" * 8


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-{SPAN}-00"},
        {"traceparent": f"00-{TRACE}-{SPAN}-03", "task": "another header"},
        {"traceparent": f"00-{TRACE}-{SPAN}-00", "tracestate": "a=b"},
        {"traceparent": f"00-{TRACE}-{SPAN}-00", "baggage": "a=b"},
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


def test_what_is_not_sampled_is_written_on_from_its_text() -> None:
    traceparent = f"00-{TRACE}-{SPAN}-02"
    span = trace.get_current_span(context_of({"traceparent": traceparent}))
    assert isinstance(span, Unsampled)
    written: dict[str, str] = {"tracestate": "earlier=1"}
    inject(written, span)
    assert written == {"traceparent": traceparent}
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("tests")
    below = tracer.start_span("a user's own", trace.set_span_in_context(span))
    assert not below.is_recording()
    assert trace.format_trace_id(below.get_span_context().trace_id) == TRACE
    assert traceparent in repr(span)


@pytest.mark.parametrize(
    "span",
    [
        SpanContext(0x1F, 0x0B, is_remote=False, trace_flags=TraceFlags(3)),
        SpanContext(2**128 - 1, 2**64 - 1, is_remote=True),
        SpanContext(1, 1, is_remote=True, trace_state=TraceState([("a", "b")])),
        SpanContext(0, 0, is_remote=False),
        Unsampled(f"00-{TRACE}-{SPAN}-02"),
    ],
    ids=str,
)
@pytest.mark.parametrize("carried", [{}, {"a": "b"}], ids=["without baggage", "with baggage"])
def test_headers_are_written_as_the_propagators_write_them(
    span: SpanContext | Unsampled, carried: dict[str, str]
) -> None:
    made = NonRecordingSpan(span) if isinstance(span, SpanContext) else span
    current = Context()
    for name, value in carried.items():
        current = baggage.set_baggage(name, value, current)
    theirs: dict[str, str] = {}
    propagate.inject(theirs, trace.set_span_in_context(made, current))
    ours = {"traceparent": "of an earlier span", "tracestate": "earlier=1", "baggage": "earlier=1"}
    token = context.attach(current)
    try:
        inject(ours, made)
    finally:
        context.detach(token)
    assert ours == theirs


FOLLOWED = """
import json, sys
from celery.app.trace import build_tracer
from opentelemetry import trace
from tests.runtime.service.app import app

brought, sent = sys.argv[1], []
app.publish_observers += (lambda name, options: sent.append(options["headers"]["traceparent"]),)
task, first = app.tasks["celery.accumulate"], app.signature("tests.noted", ("a", "b"), immutable=True)
request = {"id": "1", "headers": {"traceparent": brought}, "delivery_info": {}, "callbacks": [first]}
build_tracer(task.name, task, app=app)("1", [1], {}, request)
left = trace.get_current_span().get_span_context().is_valid
eager = app.tasks["celery.accumulate"].apply((1,)).state
print(json.dumps([sent, left, eager, trace.get_current_span().get_span_context().is_valid]))
"""


def said_by(code: str, brought: str, **variables: str) -> Any:
    """What `code` prints as JSON in a traced process of its own; it finds `brought` in sys.argv[1]."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    env |= {**TRACED, "RUNTIME_OBSERVE": "traces", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    env |= {"RUNTIME_FLUSH_TIMEOUT": "0.1", **variables}
    run = [sys.executable, "-c", code, brought]
    return json.loads(subprocess.run(run, env=env, capture_output=True, check=True).stdout)


@pytest.mark.parametrize("flags", ["00", "01"])
def test_what_follows_a_run_is_part_of_it_and_nothing_else_is(flags: str) -> None:
    brought = f"00-{TRACE}-{SPAN}-{flags}"
    sent, left, eager, left_by_eager = said_by(FOLLOWED, brought)
    assert [each[:35] + each[-3:] for each in sent] == [f"00-{TRACE}-{flags}"]
    assert (sent == [brought]) is (flags == "00")
    assert (left, eager, left_by_eager) == (False, "SUCCESS", False)


DELIVERED = """
import json, sys, threading
from contextvars import copy_context
from celery.app.trace import build_tracer
from opentelemetry import context, trace
from tests.runtime.service.app import app

brought = json.loads(sys.argv[1])
seen = []

def now():
    return trace.format_trace_id(trace.get_current_span().get_span_context().trace_id)

def deliver(name, headers):
    request = {"id": name, "headers": headers, "delivery_info": {}}
    build_tracer(task.name, task, app=app)(name, [name], {}, request)

@app.task(name="celery.seen")
def task(name):
    own = now()
    if name == "leaks":
        context.attach(trace.set_span_in_context(trace.INVALID_SPAN))
    if name == "threads":
        other = threading.Thread(target=copy_context().run, args=(deliver, "thread", brought["thread"]))
        other.start()
        other.join()
    assert name == "leaks" or now() == own
    seen.append((name, own))

for name, headers in brought.items():
    if name != "thread":
        deliver(name, headers)
    seen.append(("after", now()))
print(json.dumps(seen))
"""


def test_each_run_is_part_of_the_trace_that_its_message_brings() -> None:
    names = ["unsampled", "another", "sampled", "carrying", "leaks", "none", "threads", "thread", "last"]
    flags = {"sampled": "01"}
    brought = {
        name: {"traceparent": f"00-{number:032x}-{SPAN}-{flags.get(name, '00')}"}
        for number, name in enumerate(names, 1)
    }
    brought["carrying"]["baggage"] = "a=b"
    brought["none"] = {}
    runs = [tuple(each) for each in said_by(DELIVERED, json.dumps(brought))]
    begun = dict(runs)["none"]
    expected = {name: f"{number:032x}" for number, name in enumerate(names, 1)} | {"none": begun}
    after = [trace_id for name, trace_id in runs if name == "after"]
    assert {name: trace_id for name, trace_id in runs if name != "after"} == expected
    assert begun not in {*after, *(each for name, each in expected.items() if name != "none")}
    assert set(after) == {"0" * 32}


PUBLISHED = """
import json, sys
from opentelemetry import baggage, context, trace
from runtime import log_context
from runtime.observers import told
from tests.runtime.service.app import app

def line():
    return log_context.processors[-1](None, "info", {})

def published(**brought):
    before = line()
    ends = told(app.publish_observers, "tests.noted", {"headers": brought, "task_id": "1"})
    during = line()
    told(ends, None)
    assert line() == before
    assert not trace.get_current_span().get_span_context().is_valid
    return {**brought, **during}

said = [published(), published(), published(traceparent=sys.argv[1])]
token = log_context.handled.set({"traceparent": sys.argv[1]})
said.append(published())
log_context.handled.reset(token)
context.attach(baggage.set_baggage("a", "b"))
said.append(published())
print(json.dumps(said))
"""


@pytest.mark.parametrize("propagators", ["tracecontext,baggage", "tracecontext", "baggage"])
@pytest.mark.parametrize("most", ["0", "10"])
def test_a_publish_begins_a_trace_only_where_it_is_part_of_none(propagators: str, most: str) -> None:
    brought = f"00-{TRACE}-{SPAN}-00"
    said = said_by(PUBLISHED, brought, RUNTIME_TRACES_PER_SECOND=most, OTEL_PROPAGATORS=propagators)
    assert [each.pop("baggage", None) for each in said] == [None] * 4 + ["a=b" if "baggage" in propagators else None]
    logged = [[each.pop("trace_id", ""), each.pop("span_id", "")] for each in said]
    if propagators == "baggage":
        assert [each.get("traceparent") for each in said] == [None, None, brought, None, None]
        return
    named = [each["traceparent"].split("-")[1:3] for each in said]
    if most == "0" and propagators == "tracecontext,baggage":
        named[:2] = [["", ""]] * 2  # what begins a trace that is not sampled attaches no context
    assert logged == named
    assert all(each.keys() == {"traceparent"} for each in said)
    begun, again, *parts, carrying = (each["traceparent"] for each in said)
    assert parts == [brought] * 2
    own = {begun, again, carrying}
    assert len({each[3:35] for each in own}) == 3
    assert {each[-2:] for each in own} == {"02" if most == "0" else "03"}
