"""`metrics`: serve what only the broker and the stores know."""

import signal

import click

from ..errors import ConfigurationError
from . import LoadApp

__all__ = ["command"]

ENDS = {signal.SIGTERM, signal.SIGINT}


@click.command("metrics")
@click.pass_obj
def command(load_app: LoadApp) -> None:
    """Serve figures to Prometheus, until a signal ends it. They are of queues, dead letters, outbox, circuits, broker.

    Each scrape asks anew. One process is enough; workers, beat and relay serve what they count themselves.
    """
    from ..observability.metrics.exporter import exporter_registry
    from ..observability.metrics.server import MetricsSettings, serve
    from ..settings import PREFIX, settings
    from ..worker.logging import configure_logging

    app = load_app()
    settings().require("broker_url")
    configure_logging()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # before there are threads, which would be interrupted
    if not serve(exporter_registry(app, MetricsSettings.read().metrics_timeout)):
        raise ConfigurationError(f"expected {PREFIX}METRICS_PORT to be a port, got: 0; set it, for example to 9464")
    signal.sigwait(ENDS)
