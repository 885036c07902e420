"""The tracer provider, and the export of its spans: in batches, by each process for itself, and bounded at its end."""

import atexit
import os
import threading

from celery.signals import worker_process_shutdown
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.environment_variables import OTEL_TRACES_SAMPLER
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased

from ..settings import NAME
from .per_process import PerProcess
from .settings import observability_settings
from .trace_sampling import FirstOfEachSecond, Unsampling

__all__ = ["provide"]


def provide() -> Unsampling | None:
    """Make this process, and those that it forks, export their spans; returns what tells of spans that are not sampled.

    A provider that the program has already, such as the one of `opentelemetry-instrument`, is used as it is, and asked
    for each span.
    """
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    named = OTELResourceDetector().detect().attributes.get(SERVICE_NAME)
    OTLPSpanExporter()  # imports its HTTP client: once, and not again in each process of the pool
    resource = Resource.create({} if named else {SERVICE_NAME: NAME})
    named_one = os.environ.get(OTEL_TRACES_SAMPLER)
    first = None if named_one else FirstOfEachSecond(observability_settings().traces_per_second)
    provider = TracerProvider(ParentBased(first) if first else None, resource, shutdown_on_exit=False)
    export = ProcessExport()
    provider.add_span_processor(export)
    trace.set_tracer_provider(provider)
    atexit.register(export.shutdown)
    worker_process_shutdown.connect(export.shut_down_process, weak=False)  # a process of the pool runs no atexit
    return Unsampling(first) if isinstance(provider.sampler, ParentBased) else None


class Export:
    """The export of one process.

    BatchSpanProcessor bounds no flush, and no thread can be started any more when the interpreter ends.
    """

    def __init__(self) -> None:
        self.spans = BatchSpanProcessor(OTLPSpanExporter())
        self._ending = threading.Event()
        self._closer = threading.Thread(target=self._close, name="trace-export-end", daemon=True)
        self._closer.start()

    def end(self) -> None:
        """Export what waits, for at most `flush_timeout`."""
        self._ending.set()
        self._closer.join(observability_settings().flush_timeout)

    def _close(self) -> None:
        self._ending.wait()
        self.spans.shutdown()  # type: ignore[no-untyped-call]


class ProcessExport(SpanProcessor):
    """Exports spans in batches, from the first one that ends in a process."""

    def __init__(self) -> None:
        self._export = PerProcess(Export)

    def on_end(self, span: ReadableSpan) -> None:
        """Export the span with others; it is dropped where too many wait."""
        self._export.get().spans.on_end(span)

    def shutdown(self) -> None:
        """See Export."""
        if export := self._export.made():
            export.end()

    def shut_down_process(self, **_: object) -> None:
        """The same, as a signal's receiver."""
        self.shutdown()
