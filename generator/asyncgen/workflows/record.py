"""The record at the end of a workflow's file: the release and the shape that it was made from, one item a line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..tasks.payload import read_argument
from .shape import KINDS, Shape, Step

__all__ = ["Record", "parse_record", "recorded_lines"]

_LINE = re.compile(r"^# asyncgen: ([a-z-]+)(?: (.+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Record:
    """What a workflow's file says that it was made from."""

    release: str
    shape: Shape
    natural: tuple[str, ...]
    queue: str


def recorded_lines(shape: Shape, natural: Sequence[str], queue: str) -> list[str]:
    """The items, without the release."""
    lines = [f"queue {queue}", f"kind {shape.kind}"]
    for step in shape.steps:
        lines.append(f"step {step.task}")
        lines += ["natural"] if step.task in natural else []
        lines += [f"arg {argument.name}:{argument.type}" for argument in step.arguments]
    return lines


def parse_record(text: str) -> Record | None:
    """The record in a workflow's file; None where there is none, or it was edited."""
    said: dict[str, str] = {}
    steps: list[Step] = []
    natural: list[str] = []
    try:
        for word, value in _LINE.findall(text):
            if word == "step":
                steps.append(Step(value, ()))
            elif word == "natural":
                natural.append(steps[-1].task)
            elif word == "arg":
                steps[-1] = Step(steps[-1].task, (*steps[-1].arguments, read_argument(value)))
            else:
                said[word] = value
        if said["kind"] not in KINDS or not steps:
            return None
        return Record(said["release"], Shape(said["kind"], tuple(steps)), tuple(natural), said["queue"])
    except (KeyError, IndexError, ValueError):
        return None
