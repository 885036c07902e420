"""`beat`: publish tasks when they are due."""

import click

from ..settings import settings
from . import LoadApp

__all__ = ["command"]


@click.command("beat")
@click.pass_obj
def command(load_app: LoadApp) -> None:
    """Publish the tasks that name `every`, when they are due.

    With Redis as the broker start as many as you like: a lock lets one of them publish, and another takes over when it
    dies. With RabbitMQ run exactly one, and stop it before another starts. While the broker is away it waits: of the
    slots that were missed, the latest one runs, once.
    """
    from celery.signals import beat_init

    from ..brokers.beat import note_signals

    app = load_app()
    settings().require("broker_url")
    app.begin("beat")
    beat_init.connect(note_signals, weak=False)
    app.start(["beat", *app.service.broker.beat_arguments(app), "--loglevel", settings().log_level])
