"""What the commands print: text or JSON on stdout, notices and errors on stderr."""

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..service import Service

__all__ = ["complain", "interactive", "name_strays", "notice", "one_line", "say", "say_json", "say_version"]


def say(*lines: str) -> None:
    """Print lines."""
    typer.echo("\n".join(lines))


def say_json(value: object) -> None:
    """Print a value for a program."""
    import json

    typer.echo(json.dumps(value, indent=2))


def say_version() -> None:
    """Print the version of the installed package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        say(version("asyncgen"))
    except PackageNotFoundError:
        say("not installed: this is a source tree")


def notice(text: str) -> None:
    """Print a note to stderr; the command goes on."""
    if text:
        typer.echo(f"note: {text}", err=True)


def name_strays(service: "Service") -> None:
    """Print a note for each stray file among a service's tasks and workflows."""
    from ..module_files import strays

    for text in strays(service.root, *(f"src/{service.package}/{folder}" for folder in ("tasks", "workflows"))):
        notice(text)


def one_line(text: str) -> str:
    """A text as one line that controls no terminal, whatever is in it."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def complain(text: str, *, as_json: bool = False) -> None:
    """Print why the command stops; with `as_json` on stdout as well."""
    line = one_line(text)
    typer.echo(f"asyncgen: {line}", err=True)
    if as_json:
        say_json({"error": line})


def interactive() -> bool:
    """Whether standard input and output are a terminal."""
    # A stream that the caller closed is None.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
