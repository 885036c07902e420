"""What tests of traces do with the service in a process beside the worker: see `Console.call`."""

from functools import cache

from opentelemetry import trace
from opentelemetry.instrumentation.django import DjangoInstrumentor

from runtime import publish_many

from .tasks.effects import effect

__all__ = ["post_to_django", "publish_many_in_a_span"]


def publish_many_in_a_span(folder: str, number: int) -> int:
    """Publish so many effects at once, within a span of the caller; how many are not confirmed."""
    with trace.get_tracer("tests").start_as_current_span("publishes many"):
        return len(publish_many((effect, {"name": f"many-{each}", "folder": folder}) for each in range(number)))


def post_to_django(name: str, folder: str, traceparent: str) -> int:
    """Have a request to a Django project publish an effect; the status of its answer."""
    from . import django_project

    instrument()
    django_project.rows(name)
    answer = django_project.post("/effects", {"name": name, "folder": folder}, {"traceparent": traceparent})
    status: int = answer[0]
    return status


@cache
def instrument() -> None:
    """As the `wsgi.py` of a project does."""
    DjangoInstrumentor().instrument()
