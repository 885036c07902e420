"""The service's command: one module for each command."""

import sys
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import click

from ..errors import ServiceError
from ..loading import load
from ..settings import NAME

if TYPE_CHECKING:  # it imports Celery
    from ..service import ServiceApp

__all__ = ["LoadApp", "group", "main"]

LoadApp = Callable[[], "ServiceApp"]
"""Imports the service's application: commands that need none start without it. Click's `obj`."""


class Commands(click.Group):
    """Finds a command in the module of its name, and imports no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The modules of this package."""
        return sorted(module.name for module in iter_modules(__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for click's own error."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command


@click.command(cls=Commands, name=NAME, context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """Run and look after this Celery service."""


def main(module: str) -> None:
    """The console script: an error that the service raises on purpose is one sentence and exit code 2.

    module: the name of the one that holds the application, as `app`.
    """
    try:
        group(prog_name=NAME, obj=lambda: load(module))
    except ServiceError as error:
        click.echo(f"{NAME}: {error}", err=True)
        sys.exit(2)
