"""The service's command: one file for each command, each one call into another room."""

import sys
from importlib import import_module
from pkgutil import iter_modules

import click

from .. import NAME
from ..errors import ServiceError

__all__ = ["main"]


class Commands(click.Group):
    """Finds a command in the file of its name, and imports no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The files of this folder."""
        return sorted(module.name for module in iter_modules(__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for click's own sentence."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command


@click.command(cls=Commands, name=NAME, context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """Run and look after this Celery service."""


def main() -> None:
    """The console script: an error that the service raises on purpose is one sentence and exit code 2."""
    try:
        group(prog_name=NAME)
    except ServiceError as error:
        click.echo(f"{NAME}: {error}", err=True)
        sys.exit(2)
