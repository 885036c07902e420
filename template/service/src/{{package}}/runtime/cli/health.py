"""`health`: is the process on this machine that writes the heartbeat alive, and ready?"""

import json
import sys

import click

from ..probe import read
from ..settings import settings

__all__ = ["command"]


@click.command("health")
@click.option("--ready", is_flag=True, help="Exit 0 only if it also does work as it comes.")
@click.option("--max-age", hidden=True, type=int, expose_value=False)  # before 0.6; the file says how long it holds
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(ready: bool, as_json: bool) -> None:
    """Tell whether worker, beat or relay of this machine is alive. Exit 0 if so, else 1.

    A probe costs less as `python -m PACKAGE.runtime.probe live` or `ready`, which says the same.
    """
    heartbeat = read(settings().heartbeat_file)
    if as_json:
        click.echo(json.dumps({"alive": heartbeat.live, "ready": heartbeat.ready, "faults": heartbeat.faults}))
    else:
        state = "ready" if heartbeat.ready else "alive, not ready" if heartbeat.live else "not alive"
        click.echo(": ".join([state, "; ".join(heartbeat.faults)] if heartbeat.faults else [state]))
    sys.exit(0 if (heartbeat.ready if ready else heartbeat.live) else 1)
