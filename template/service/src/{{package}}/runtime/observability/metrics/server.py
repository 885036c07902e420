"""The HTTP server at which Prometheus scrapes a process: any path, in a thread of its own."""

import os

from prometheus_client import CollectorRegistry, start_http_server
from pydantic import Field

from ...errors import ConfigurationError
from ...settings import PREFIX, Environment

__all__ = ["MetricsSettings", "serve"]


class MetricsSettings(Environment):
    """The environment variables of metrics."""

    metrics_port: int = Field(default=9464, ge=0, le=65535)
    """Of every worker, beat, relay and exporter, each in a container or on a machine of its own; 0: none is served."""
    metrics_address: str = "0.0.0.0"
    """Where it listens, such as 127.0.0.1 or ::."""
    metrics_timeout: float = Field(default=3.0, gt=0)
    """Seconds that the exporter waits for an answer; what has not come by then is left out. Below Prometheus' own
    `scrape_timeout`."""


def serve(registry: CollectorRegistry) -> bool:
    """Serve what `registry` collects, if a port is set, and say whether it is. Raises ConfigurationError."""
    values = MetricsSettings.read()
    if not values.metrics_port:
        return False
    try:
        server, _ = start_http_server(values.metrics_port, values.metrics_address, registry)
    except OSError as error:
        raise ConfigurationError(
            f"expected port {values.metrics_port} of {values.metrics_address} to be free for metrics, got: {error}; "
            f"set {PREFIX}METRICS_PORT to another one for this process, or to 0 for none"
        ) from error
    # A process of the pool would hold the port, and keep it from the next worker for as long as it lives.
    os.register_at_fork(after_in_child=server.socket.close)
    return True
