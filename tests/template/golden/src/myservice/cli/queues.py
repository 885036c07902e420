"""`queues`: the queue table."""

import json

import click

from ..queues import Queue
from ..settings import settings
from ..times import grace_period

__all__ = ["command"]


@click.command("queues")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the queues and what follows from their longest run."""
    rows = [
        {
            "queue": queue.value.name,
            "wire_name": queue.value.wire_name,
            "longest_run": queue.value.longest_run,
            "pool": queue.value.pool,
            "concurrency": queue.value.concurrency,
            "prefetch": queue.value.prefetch,
            "grace_period": grace_period([queue.value], settings().shutdown_limit),
        }
        for queue in Queue
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    click.echo(f"{'queue':<14}{'longest run':>12}{'pool':>10}{'processes':>11}{'prefetch':>10}{'grace':>8}")
    for row in rows:
        processes = row["concurrency"] or "cores"
        click.echo(
            f"{row['queue']:<14}{row['longest_run']:>10} s{row['pool']:>10}{processes:>11}{row['prefetch']:>10}"
            f"{row['grace_period']:>6} s"
        )
