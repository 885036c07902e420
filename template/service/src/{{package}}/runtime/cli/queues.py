"""`queues`: the queue table."""

import json

import click

from ..queues import grace_period
from ..settings import settings
from . import LoadApp

__all__ = ["command"]


@click.command("queues")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(load_app: LoadApp, as_json: bool) -> None:
    """List the queues, and what follows from their max_runtime. Times are in seconds."""
    rows = [
        {
            "queue": queue.name,
            "wire_name": queue.wire_name,
            "max_runtime": queue.max_runtime,
            "pool": queue.pool,
            "concurrency": queue.concurrency,
            "prefetch": queue.prefetch,
            "grace_period": grace_period([queue], settings()),
        }
        for queue in load_app().service.queues
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    click.echo(f"{'queue':<14}{'max runtime':>12}{'pool':>10}{'processes':>11}{'prefetch':>10}{'grace':>8}")
    for row in rows:
        processes = row["concurrency"] or "cores"
        click.echo(
            f"{row['queue']:<14}{row['max_runtime']:>10} s{row['pool']:>10}{processes:>11}{row['prefetch']:>10}"
            f"{row['grace_period']:>6} s"
        )
