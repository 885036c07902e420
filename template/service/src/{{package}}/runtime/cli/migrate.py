"""`migrate`: the tables of the SQL store, and the service's own."""

import click

from . import LoadApp

__all__ = ["command"]


@click.command("migrate")
@click.pass_obj
def command(load_app: LoadApp) -> None:
    """Create or upgrade the tables. Those of idempotency and outbox come first, then this service's own.

    Safe to run again, and from many machines at once.
    """
    from ..idempotency.sql.migrations import migrate
    from ..settings import settings
    from ..urls import SQL

    own = load_app().service.migrations
    url = settings().require("idempotency_url", SQL)
    applied = [f"runtime {step}" for step in migrate(url)]
    applied += own.upgrade(url) if own else []
    click.echo(f"applied: {', '.join(applied)}" if applied else "nothing to apply")
