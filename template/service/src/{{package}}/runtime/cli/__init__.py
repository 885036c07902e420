"""The service's command: one module for each command."""

import json
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import click

from ..errors import ServiceError
from ..loading import load
from ..settings import NAME
from . import _completion

if TYPE_CHECKING:  # it imports Celery
    from ..service import ServiceApp

__all__ = ["LoadApp", "group", "main"]

LoadApp = Callable[[], "ServiceApp"]
"""Imports the service's application: commands that need none start without it. Click's `obj`."""


class Commands(click.Group):
    """Finds a command in the module of its name, and imports no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The modules of this package that have a public name."""
        return sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for click's own error."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command


@click.command(cls=Commands, name=NAME, context_settings={"help_option_names": ["-h", "--help"]})
@_completion.option(
    "--install-completion", _completion.install, "Complete commands, queues and tasks in bash, zsh or fish."
)
@_completion.option("--show-completion", _completion.show, "Print the script for that instead.")
def group() -> None:
    """Run and look after this Celery service."""


def main(module: str) -> None:
    """The console script: an error that the service raises on purpose is one sentence and exit code 2.

    So is one in the command line. With --json every error is on stdout as well, as {"error": ...}.
    module: the name of the one that holds the application, as `app`.
    """
    if os.getpid() == 1:
        # In a container: the kernel drops what process 1 has no handler for, so that a start would outlive its SIGTERM
        # until SIGKILL. Processes that end in order replace it.
        signal.signal(signal.SIGTERM, lambda number, _: os._exit(128 + number))
    as_json = "--json" in sys.argv
    try:
        sys.exit(group(prog_name=NAME, obj=lambda: load(module), standalone_mode=False))
    except ServiceError as error:
        message, code = str(error), 2
    except click.exceptions.NoArgsIsHelpError as nothing:
        nothing.show()
        sys.exit(nothing.exit_code)
    except click.ClickException as error:
        message, code = _sentence(error), error.exit_code
    except click.Abort:
        message, code = "interrupted", 1
    click.echo(f"{NAME}: {message}", err=True)
    if as_json:
        click.echo(json.dumps({"error": message}, indent=2))
    sys.exit(code)


def _sentence(error: click.ClickException) -> str:
    """Click's message, and the command whose help explains it, unless the message says what to do."""
    message = " ".join(error.format_message().split()).rstrip(".").replace(". Did you mean", "; did you mean")
    message = f"{message[:1].lower()}{message[1:]}"
    context = getattr(error, "ctx", None)
    return message if context is None or "; " in message else f"{message}; see {context.command_path} --help"
