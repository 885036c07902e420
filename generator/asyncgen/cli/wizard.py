"""The questions of copier.yml in a terminal."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from .dialogue import choose, heading, listed, named, until, yes
from .output import one_line, say

if TYPE_CHECKING:
    from ..interview import Asked

__all__ = ["introduce", "put"]


def introduce(presets: Collection[str]) -> None:
    """Print what to know before the first question: with presets, which there are."""
    say("Enter takes what is in brackets, Ctrl-C leaves nothing behind.")
    if presets:
        say(f"--preset answers all but the names: {', '.join(presets)}.")


def put(asked: "Asked") -> Any:
    """Ask one question."""
    from ..questions import value_of

    question, usual = asked.question, asked.default
    label = question.name
    heading(asked.number, asked.of, one_line(question.help or question.name))
    if asked.problem:
        say(f"  {one_line(asked.problem)}")

    def check(answer: str) -> Any:
        value = value_of(question, answer)
        asked.check(value)
        return value

    choices = list(zip(question.choices, map(one_line, question.consequences), strict=True))
    if question.several and len(choices) == 1:
        ((value, consequence),) = choices
        return [value] if yes(f"{value}: {consequence}", value in usual) else []
    if question.several:
        listed(choices)
        chosen = ",".join(usual or ()) or "none"
        return until(f"{label}, one or more or none", chosen, lambda answer: check(_several(answer, choices)))
    if choices:
        return choose(label, choices, usual, check)
    if question.kind == "bool":
        return yes(label, bool(usual))
    return until(label, None if usual is None else str(usual), check)


def _several(answer: str, choices: list[tuple[str, str]]) -> str:
    parts = answer.replace(",", " ").split()
    return ",".join(named(part, choices) for part in parts if part != "none")
