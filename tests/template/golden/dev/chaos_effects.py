"""Where the effects of `dev.chaos` are kept: outside the broker, in a file for each mode."""

from pathlib import Path
from typing import Any

from .chaos_count import append, counted, lines

__all__ = ["count", "forget", "note", "noted", "prepare"]


def prepare(url: str) -> None:
    """Nothing: files need no tables."""


def note(task: Any, mode: str, folder: Path, line: str) -> None:
    """Keep one effect."""
    append(folder / mode, line)


def count(url: str, mode: str, folder: Path) -> int:
    """How many there are so far."""
    return counted(folder / mode)


def noted(url: str, mode: str, folder: Path) -> list[str]:
    """The effects so far."""
    return lines(folder / mode)


def forget(url: str) -> None:
    """Nothing: the folder is temporary."""
