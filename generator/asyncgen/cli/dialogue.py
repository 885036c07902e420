"""How a question is put in a terminal: lines of 80 columns, and asked again until its answer holds."""

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from ..errors import BadInput
from .output import say

__all__ = ["Choice", "choose", "confirm", "heading", "listed", "named", "until", "yes"]

T = TypeVar("T")
Choice = tuple[str, str]
"""A value and its consequence."""


def heading(number: int, of: int, text: str) -> None:
    """Print which question this is, and what it is about."""
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM", "") in ("", "dumb")
    line = f"{number} of {of}  {text}"
    say("", line if plain else typer.style(line, bold=True))


def listed(choices: Sequence[Choice]) -> None:
    """Print the choices with their numbers, each with its consequence on one line."""
    width = max(len(value) for value, _ in choices)
    say(*(f"  {number}  {value:<{width}}  {text}" for number, (value, text) in enumerate(choices, 1)))


def named(answer: str, choices: Sequence[Choice]) -> str:
    """The value of the choice that an answer gives the number of; else the answer itself."""
    chosen = int(answer) - 1 if answer.isascii() and answer.isdecimal() and len(answer) < 3 else -1
    return choices[chosen][0] if 0 <= chosen < len(choices) else answer


def choose(label: str, choices: Sequence[Choice], usual: str, check: Callable[[str], T]) -> T:
    """Ask for one of the choices, by its value or its number."""
    listed(choices)
    return until(label, usual, lambda answer: check(named(answer, choices)))


def until(label: str, usual: str | None, check: Callable[[str], T]) -> T:
    """Ask until the answer passes the check; Enter gives `usual`, None where there is none."""
    while True:
        answer = _interruptible(lambda: typer.prompt(label, default=usual, show_default=bool(usual)))
        try:
            return check(answer.strip())
        except BadInput as error:
            say(f"  {error}")


def yes(label: str, usual: bool) -> bool:
    """Ask for yes or no."""
    words = {"": usual, "y": True, "yes": True, "n": False, "no": False}

    def check(answer: str) -> bool:
        if answer.lower() not in words:
            raise BadInput(f"expected y or n, got: {answer}")
        return words[answer.lower()]

    return until(f"{label} [{'Y/n' if usual else 'y/N'}]", "", check)


def confirm(label: str) -> None:
    """Ask for a yes, which Enter gives; a no interrupts the command."""
    if not yes(label, True):
        raise KeyboardInterrupt


def _interruptible(ask: Callable[[], T]) -> T:
    """What the user answers: Ctrl-C interrupts the command wherever it asks, also amid what catches errors."""
    try:
        return ask()
    except typer.Abort as abort:
        say("")
        raise KeyboardInterrupt from abort
