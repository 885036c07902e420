"""`worker`: run tasks."""

from importlib import import_module
from importlib.util import find_spec

import click

from . import LoadApp
from ._completion import queue_names

__all__ = ["command", "prepare"]


def prepare() -> None:
    """Before the application is imported: let the processes of the pool count together, where there are metrics."""
    if find_spec("..observability", __package__) and find_spec("..observability.multiprocess", __package__):
        import_module("..observability.multiprocess", __package__).prepare()


@click.command("worker")
@click.option(
    "--queue",
    "names",
    multiple=True,
    shell_complete=queue_names,
    help="A queue to work on; repeatable. Default: all of them.",
)
@click.pass_obj
def command(load_app: LoadApp, names: tuple[str, ...]) -> None:
    """Run tasks of the given queues, as the queue table says."""
    from ..worker import run

    prepare()
    app = load_app()
    known = [queue.name for queue in app.service.queues]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"expected one of {', '.join(known)}, got: {name}", param_hint="--queue")
    run(app, [queue for queue in app.service.queues if not names or queue.name in names])
