"""`migrate`: the tables of the SQL store."""

import click

__all__ = ["command"]


@click.command("migrate")
def command() -> None:
    """Create or upgrade the tables of idempotency and outbox; safe to run again, and from many machines at once."""
    from ..idempotency.sql.migrations import migrate
    from ..settings import settings
    from ..urls import SQL

    steps = migrate(settings().require("idempotency_url", SQL))
    click.echo(f"applied: {', '.join(map(str, steps))}" if steps else "nothing to apply")
