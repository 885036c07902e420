"""The outcomes of edits in files that people may have edited before: what a command says of them, and its exit code."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from .output import say

if TYPE_CHECKING:
    from ..edits import Edit

__all__ = ["as_rows", "exit_if_unable", "say_advice"]


def as_rows(edits: "Sequence[Edit]") -> list[dict[str, str]]:
    """The edits for `--json`."""
    return [{"file": edit.path, "outcome": edit.outcome, "advice": edit.advice} for edit in edits]


def say_advice(edits: "Sequence[Edit]") -> None:
    """Print what is left to do by hand."""
    for edit in edits:
        if edit.outcome == "unable":
            say("", edit.advice.rstrip("\n"))


def exit_if_unable(edits: "Sequence[Edit]") -> None:
    """End with 1 where something is left to do by hand."""
    if any(edit.outcome == "unable" for edit in edits):
        raise typer.Exit(1)
