"""`worker`: run tasks."""

import click

from ..queues import Queue

__all__ = ["command"]


@click.command("worker")
@click.option(
    "--queue",
    "names",
    multiple=True,
    type=click.Choice([queue.value.name for queue in Queue]),
    help="A queue to work on; repeatable. Default: all of them.",
)
def command(names: tuple[str, ...]) -> None:
    """Run tasks of the given queues, as the queue table says."""
    from ..worker import run

    run([queue.value for queue in Queue if not names or queue.value.name in names])
