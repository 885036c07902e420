"""What anybody may have put into a message, and a collector and a Sentry that take connections and never answer."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace

from runtime.observability.trace_context import ATTEMPTS, attempts_of, context_of, links_to
from runtime.testing import Worker

from ..combinations import on
from ..service.calls import dead_reasons, publish
from ..service.notes import NOTES

TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"

HOSTILE: list[dict[str, Any]] = [
    {"traceparent": 1},
    {"traceparent": ["00"]},
    {"traceparent": {"a": "b"}},
    {"traceparent": ""},
    {"traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-01"},
    {"traceparent": "ff-" + "z" * 32 + "-" + "b" * 16 + "-01"},
    {"traceparent": "a" * 50_000},
    {"traceparent": "\ud800\x00\n" * 9},
    {"traceparent": TRACEPARENT, "tracestate": {"a": 1}},
    {"traceparent": TRACEPARENT, "tracestate": "a=" + "b" * 9000},
    {"traceparent": TRACEPARENT, "tracestate": ",".join(f"k{n}=v" for n in range(900))},
    {"traceparent": TRACEPARENT, "tracestate": "=,;,==\x00"},
    {"traceparent": TRACEPARENT, "baggage": "%zz=%;=;,=" * 500},
    {"baggage": ["a=b"]},
    {"baggage": ",".join(f"k{n}=v" for n in range(900))},
    {ATTEMPTS: "00"},
    {ATTEMPTS: {"a": "b"}},
    {ATTEMPTS: [None, 1, [], "x", TRACEPARENT, "a" * 9_000] * 10},
]


@pytest.mark.parametrize("headers", HOSTILE, ids=range(len(HOSTILE)))
def test_an_odd_header_is_none(headers: dict[str, Any]) -> None:
    span = trace.get_current_span(context_of(headers)).get_span_context()
    assert span.is_valid == (headers.get("traceparent") == TRACEPARENT)
    attempts = attempts_of(headers)
    assert len(attempts) <= 10
    assert all(link.context.is_valid for link in links_to(attempts))


def test_what_is_right_is_read() -> None:
    span = trace.get_current_span(context_of({"traceparent": TRACEPARENT, "tracestate": "a=b"})).get_span_context()
    assert (trace.format_trace_id(span.trace_id), trace.format_span_id(span.span_id)) == ("a" * 32, "b" * 16)
    assert span.trace_state == {"a": "b"}
    assert [link.context.span_id for link in links_to(attempts_of({ATTEMPTS: [TRACEPARENT]}))] == [span.span_id]


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@on("redis-redis")
def test_neither_holds_up_a_task_or_the_end(start: Callable[..., Worker], silent: str, tmp_path: Path) -> None:
    run_before_silent_servers(start, silent, tmp_path)


@pytest.mark.slow
@on("rabbitmq-sql")
def test_neither_holds_up_a_task_or_the_end_on_rabbitmq(
    start: Callable[..., Worker], silent: str, tmp_path: Path
) -> None:
    run_before_silent_servers(start, silent, tmp_path)


def run_before_silent_servers(start: Callable[..., Worker], silent: str, folder: Path) -> None:
    """Every hostile message runs; what cannot be sent costs the end of a process no more than its bound."""
    worker = start(
        RUNTIME_OBSERVE="sentry traces",
        RUNTIME_SENTRY_DSN=f"http://key@{silent}/7",
        RUNTIME_FLUSH_TIMEOUT=1,
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{silent}",
    )
    for number, headers in enumerate(HOSTILE):
        sent = {name: value for name, value in headers.items() if "\ud800" not in str(value)}
        worker.call(publish, "tests.noted", str(number), str(folder), headers=sent)
    died = worker.call(publish, "tests.failure")
    worker.wait(lambda: worker.call(dead_reasons, died))
    notes = folder / NOTES
    worker.wait(
        lambda: notes.exists() and set(notes.read_text().split()) == {str(each) for each in range(len(HOSTILE))}
    )
    assert not worker.lines("Traceback")
    began = time.monotonic()
    worker.process.terminate()
    assert worker.process.wait(30) == 0
    assert time.monotonic() - began < 12
