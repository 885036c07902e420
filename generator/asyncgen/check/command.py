"""`asyncgen check`: flags in, findings out. A part of the command line that stands beside what it calls."""

import shutil
import sys
import textwrap
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["check", "fitted"]


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files, folders or projects [default: .]", show_default=False),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", help="Only these rules: codes, ACG1, names, or ALL; repeatable."),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="Not these rules; repeatable.")] = None,
    format: Annotated[  # noqa: A002 # the name of the flag
        str, typer.Option("--format", help="text, json, sarif or github.")
    ] = "text",
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", help="Report only what this file does not count yet."),
    ] = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option("--write-baseline", help="Record today's findings in this file."),
    ] = None,
    statistics: Annotated[bool, typer.Option("--statistics", help="Count the findings of each rule instead.")] = False,
    explain: Annotated[str | None, typer.Option("--explain", metavar="CODE", help="Tell what a rule is about.")] = None,
) -> None:
    """Find what makes Celery lose, repeat or block work. Any project is checked, and nothing is imported or run."""
    from asyncgen import check as checker

    if explain is not None:
        page = checker.explain(explain)
        seen = sys.stdout is not None and sys.stdout.isatty()
        typer.echo(fitted(page, shutil.get_terminal_size().columns) if seen else page, nl=False)
        return
    code = checker.run(
        paths or [],
        select=select or (),
        ignore=ignore or (),
        format=format,
        baseline=baseline,
        write_baseline=write_baseline,
        statistics=statistics,
        stdout=sys.stdout,
        stderr=sys.stderr,
    )
    raise typer.Exit(code)


def fitted(page: str, width: int) -> str:
    """A rule's page with its prose in lines of at most `width` letters; what has code in it stays as it is."""
    return (
        "\n\n".join(
            block if "\n  " in block else textwrap.fill(block, width, break_long_words=False, break_on_hyphens=False)
            for block in page.rstrip("\n").split("\n\n")
        )
        + "\n"
    )
