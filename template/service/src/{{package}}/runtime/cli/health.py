"""`health`: is the worker on this machine alive?"""

import json
import sys

import click

__all__ = ["command"]


@click.command("health")
@click.option("--max-age", default=60, show_default=True, help="Seconds since the last heartbeat.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(max_age: int, as_json: bool) -> None:
    """Exit 0 if the worker on this machine has had a heartbeat lately, else 1."""
    from ..worker.heartbeat import age

    seconds = age()
    alive = seconds is not None and seconds <= max_age
    if as_json:
        click.echo(json.dumps({"alive": alive, "age": seconds}))
    else:
        click.echo("no worker runs here" if seconds is None else f"last heartbeat {seconds:.0f} s ago")
    sys.exit(0 if alive else 1)
