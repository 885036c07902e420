"""`purge`: what the SQL store no longer has to remember. Run it once a day."""

import click

__all__ = ["command"]


@click.command("purge")
def command() -> None:
    """Delete the keys of finished work whose retention is over. Dead letters are purged by `dead purge`."""
    from ..idempotency.sql import SqlStore
    from ..settings import settings

    url = settings().require("idempotency_url", SqlStore.schemes)
    click.echo(f"{SqlStore.open(url).purge()} deleted")
