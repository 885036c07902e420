"""`relay`: send what the outbox holds."""

import signal
import threading

import click

from . import LoadApp

__all__ = ["command"]


@click.command("relay")
@click.option("--once", is_flag=True, help="Publish what is due, print how many, and end.")
@click.pass_obj
def command(load_app: LoadApp, once: bool) -> None:
    """Publish what transactions have put into the outbox. Runs until a signal ends it; several may run."""
    from ..relay import Relay, publish
    from ..settings import settings
    from ..worker.logging import configure_logging

    app = load_app()
    relay = Relay(settings().require("idempotency_url"), publish)
    settings().require("broker_url")
    if once:
        click.echo(f"{relay.drain()} sent")
        return
    configure_logging()
    app.begin("relay")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        relay.run(stop)
    finally:
        settings().heartbeat_file.unlink(missing_ok=True)
