"""What the commands print: text or JSON on stdout, notices and complaints on stderr."""

import json
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..service import Service

__all__ = ["complain", "interactive", "name_strays", "notice", "say", "say_json"]


def say(*lines: str) -> None:
    """Print lines."""
    typer.echo("\n".join(lines))


def say_json(value: object) -> None:
    """Print a value for a program."""
    typer.echo(json.dumps(value, indent=2))


def notice(text: str) -> None:
    """Tell something that is good to know; the command goes on."""
    if text:
        typer.echo(f"note: {text}", err=True)


def name_strays(service: "Service") -> None:
    """Tell what is left out of a service's tasks and workflows."""
    from ..module_files import strays

    for text in strays(service.root, *(f"src/{service.package}/{room}" for room in ("tasks", "workflows"))):
        notice(text)


def complain(text: str) -> None:
    """Tell why the command stops: one line, whatever the user's input held."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    typer.echo(f"asyncgen: {' '.join(line.split())}", err=True)


def interactive() -> bool:
    """Whether somebody is there to ask."""
    # A stream that the caller closed is None.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
