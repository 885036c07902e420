"""The lines at the end of a workflow's file of release 0.2.1 or an earlier one: the release and the shape."""

import re

from ..skeletons.kind import Record
from ..tasks.payload import read_argument
from .contract import variables
from .shape import KINDS, Shape, Step

__all__ = ["read_record"]

_LINE = re.compile(r"^# asyncgen: ([a-z-]+)(?: (.+))?$", re.MULTILINE)


def read_record(text: str, name: str, package: str) -> Record | None:
    """What a workflow's file was rendered from; None where the lines are missing or were edited."""
    items: dict[str, str] = {}
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
                items[word] = value
        if items["kind"] not in KINDS or not steps:
            return None
        shape = Shape(items["kind"], tuple(steps))
        return Record(items["release"], variables(name, shape, package, items["release"], natural, items["queue"]))
    except (KeyError, IndexError, ValueError):
        return None
