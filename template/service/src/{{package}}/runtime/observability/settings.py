"""The environment variables of what observes a service, beside those that OpenTelemetry itself names."""

from functools import cache

from pydantic import Field

from ..settings import Environment

__all__ = ["ObservabilitySettings", "observability_settings"]


class ObservabilitySettings(Environment):
    """Times are in seconds."""

    flush_timeout: float = Field(default=2.0, gt=0)
    """The longest that the end of a process waits for traces, and again for reports, to be sent; the rest is lost."""
    traces_per_second: int = Field(default=10, ge=0)
    """The most traces that are sampled of those that begin in a process, unless OTEL_TRACES_SAMPLER is set. What a
    message or a request brings counts as well where a trace has begun elsewhere: it is sampled, or not, as there."""
    sentry_dsn: str = ""
    """Where Sentry takes reports; without it nothing is reported."""
    sentry_messages: bool = False
    """Whether reports quote the texts of exceptions, which may hold what a task was called with. Values of SQL
    statements and passwords in URLs are left out in any case."""


@cache
def observability_settings() -> ObservabilitySettings:
    """The settings of this process, read once."""
    return ObservabilitySettings.read()
