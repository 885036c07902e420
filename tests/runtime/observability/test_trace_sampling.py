"""Which traces are sampled, and that what is not sampled goes on as one trace without the SDK."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased
from opentelemetry.trace import INVALID_SPAN, NonRecordingSpan, SpanContext, TraceFlags

from runtime.observability.trace_context import Unsampled
from runtime.observability.trace_sampling import FirstOfEachSecond, Unsampling

from ..conftest import TRACED


def a_span(*, sampled: bool) -> NonRecordingSpan:
    """One of another process."""
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    return NonRecordingSpan(SpanContext(1, 1, is_remote=True, trace_flags=flags))


def test_so_many_traces_of_each_second_are_sampled() -> None:
    moments = iter([1.0, 1.2, 1.4, 1.9, 2.0, 2.9, 2.95, 7.0])
    tracer = TracerProvider(FirstOfEachSecond(2, lambda: next(moments)), shutdown_on_exit=False).get_tracer("tests")
    sampled = [tracer.start_span("begins", Context()).is_recording() for _ in range(8)]
    assert sampled == [True, True, False, False, True, True, False, True]


def test_what_is_part_of_a_trace_is_sampled_as_the_trace() -> None:
    sampler = ParentBased(FirstOfEachSecond(0))
    tracer = TracerProvider(sampler, shutdown_on_exit=False).get_tracer("tests")
    for sampled in True, False:
        below = tracer.start_span("goes on", trace.set_span_in_context(a_span(sampled=sampled)))
        assert below.is_recording() is sampled


def test_only_what_is_not_sampled_is_made_without_the_sdk() -> None:
    some, none = Unsampling(FirstOfEachSecond(1)), Unsampling(FirstOfEachSecond(0))
    above = a_span(sampled=False)
    assert none.below(above) is above
    assert none.below(a_span(sampled=True)) is None
    assert some.below(INVALID_SPAN) is None
    assert Unsampling(None).below(INVALID_SPAN) is None  # whatever OTEL_TRACES_SAMPLER names may sample it
    brought = Unsampled(f"00-{'1f' * 16}-{'0b' * 8}-00")
    assert none.below(brought) is brought
    begun = [none.below(each) for each in (INVALID_SPAN, None, Unsampled(""))]
    contexts = [each.get_span_context() for each in begun if each]
    assert all(each.is_valid and not each.trace_flags.sampled for each in contexts)
    assert len({each.trace_id for each in contexts}) == len(begun)
    assert some.begun() == ""
    written = {none.begun() for _ in range(1000)}
    assert len(written) == 1000
    assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-02", each) for each in written)


@pytest.mark.parametrize(
    ("variables", "sampler", "unsampled_are_known"),
    [
        ({}, "ParentBased{root:FirstOfEachSecond{10}", True),
        ({"RUNTIME_TRACES_PER_SECOND": "3"}, "ParentBased{root:FirstOfEachSecond{3}", True),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}, "ParentBased{root:AlwaysOnSampler", True),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, "AlwaysOnSampler", False),
    ],
)
def test_the_variables_say_what_is_sampled(variables: dict[str, str], sampler: str, unsampled_are_known: bool) -> None:
    said = in_a_traced_service(
        "unsampled, provider = trace_export.provide(), trace.get_tracer_provider();"
        "said = [provider.sampler.get_description(), unsampled is not None]",
        variables,
    )
    assert said[0].startswith(sampler)
    assert said[1] is unsampled_are_known


def test_what_exports_is_imported_before_a_worker_forks() -> None:
    said = in_a_traced_service(
        "trace_export.provide(); threads = threading.active_count(); before = set(sys.modules);"
        "trace_export.Export(); said = [threads, sorted(set(sys.modules) - before)]",
        {},
    )
    assert said == [1, []]


def in_a_traced_service(code: str, variables: dict[str, str]) -> Any:
    """What `code` leaves in `said`, in a process of its own with these variables."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    env |= {**TRACED, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", **variables}
    code = (
        "import json, sys, threading; from opentelemetry import trace; from runtime.observability import trace_export;"
        f"{code}; print(json.dumps(said))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
