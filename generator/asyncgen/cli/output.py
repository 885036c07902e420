"""What the commands print: text or JSON on stdout, notices and complaints on stderr."""

import json
import sys

import typer

__all__ = ["complain", "interactive", "notice", "say", "say_json"]


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


def complain(text: str) -> None:
    """Tell why the command stops: one line, whatever the user's input held."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    typer.echo(f"asyncgen: {' '.join(line.split())}", err=True)


def interactive() -> bool:
    """Whether somebody is there to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()
