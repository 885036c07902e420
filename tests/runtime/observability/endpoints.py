"""Servers that take what a service sends of itself: OTLP over HTTP, and Sentry's envelopes."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

__all__ = ["Collector", "SentryEndpoint", "Span", "collector", "sentry_endpoint"]

KINDS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}


@dataclass(frozen=True)
class Span:
    """A span, as the collector got it. Ids are in hexadecimal, as in logs; links and parent are ids of spans."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: str
    error: str | None
    """The status' description, if it is an error."""
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    links: list[str]
    start: int
    end: int


@dataclass
class Received:
    """What a server was sent: the bodies, each as it came."""

    url: str
    bodies: list[bytes] = field(default_factory=list)


class Collector(Received):
    """An OTLP collector."""

    @property
    def spans(self) -> list[Span]:
        """Every span so far, in the order of their beginning."""
        found = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = attributes(resource.resource.attributes)["service.name"]
                found += [span(service, each) for scope in resource.scope_spans for each in scope.spans]
        return sorted(found, key=lambda each: each.start)

    def named(self, name: str) -> list[Span]:
        """The spans of this name."""
        return [each for each in self.spans if each.name == name]

    def trace(self, trace: str, number: int) -> list[Span]:
        """The spans of this trace, once there are so many of them; none before."""
        found = [each for each in self.spans if each.trace == trace]
        return found if len(found) >= number else []


def span(service: str, sent: Any) -> Span:
    """The decoded form of a span."""
    return Span(
        service,
        sent.name,
        sent.trace_id.hex(),
        sent.span_id.hex(),
        sent.parent_span_id.hex(),
        KINDS[sent.kind],
        sent.status.message if sent.status.code == 2 else None,
        attributes(sent.attributes),
        [(event.name, attributes(event.attributes)) for event in sent.events],
        [link.span_id.hex() for link in sent.links],
        sent.start_time_unix_nano,
        sent.end_time_unix_nano,
    )


def attributes(sent: Any) -> dict[str, Any]:
    """The decoded form of attributes."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in sent}


class SentryEndpoint(Received):
    """A Sentry server. `url` is a DSN."""

    def items(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of this type (`event`, `check_in`) in all envelopes so far."""
        found = []
        for envelope in list(self.bodies):
            _, *lines = envelope.split(b"\n")
            for header, payload in zip(lines[::2], lines[1::2], strict=False):
                if json.loads(header)["type"] == kind:
                    found.append(json.loads(payload))
        return found


@contextmanager
def listening(bodies: list[bytes], answer: bytes) -> Iterator[int]:
    """A server that takes every POST; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def collector() -> Iterator[Collector]:
    """A running collector."""
    bodies: list[bytes] = []
    with listening(bodies, b"") as port:
        yield Collector(f"http://127.0.0.1:{port}", bodies)


@contextmanager
def sentry_endpoint() -> Iterator[SentryEndpoint]:
    """A running Sentry."""
    bodies: list[bytes] = []
    with listening(bodies, b"{}") as port:
        yield SentryEndpoint(f"http://key@127.0.0.1:{port}/7", bodies)
