"""The application with all commands."""

from typing import Annotated

import typer

from ..check.command import check
from .add_queue import add_queue, sync_queues
from .add_task import add_task
from .add_workflow import add_workflow
from .client import client
from .contract import contract
from .doctor import doctor
from .new import new
from .output import say_version
from .remove import remove_task, remove_workflow
from .rename import rename_task
from .show import show
from .tasks import tasks
from .template import template
from .update import update

__all__ = ["app"]

app = typer.Typer(
    name="asyncgen",
    help="Start, grow and keep a Celery service that loses nothing when workers and brokers die.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("new")(new)
app.command("add-task")(add_task)
app.command("rename-task")(rename_task)
app.command("remove-task")(remove_task)
app.command("add-workflow")(add_workflow)
app.command("remove-workflow")(remove_workflow)
app.command("add-queue")(add_queue)
app.command("sync-queues")(sync_queues)
app.command("tasks")(tasks)
app.command("check")(check)
app.command("update")(update)
app.command("doctor")(doctor)
app.command("client")(client)
app.add_typer(show, name="show")
app.add_typer(contract, name="contract")
app.add_typer(template, name="template")


def _show_version(wanted: bool) -> None:
    if wanted:
        say_version()
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
    debug: Annotated[
        # The edge takes it out of the arguments, wherever it stands.
        bool,
        typer.Option("--debug", help="Show where an error comes from; before or after the command."),
    ] = False,
) -> None:
    pass
