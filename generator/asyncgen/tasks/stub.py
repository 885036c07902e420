"""`tasks/__init__.pyi`: with a line there, `from shop.tasks import send_invoice` is the task for type checkers, too.

At run time a task's module is used like the task (`runtime/task_modules.py`); without a line, type checkers see the
module. The stub is the owner's, as task files are: the line of a task comes and goes with it, all others stay.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from ..changes import with_line_ends
from ..edits import Edit, edited, unable
from ..plan import Change, digest
from ..service import Service
from .bindings import read_bindings

__all__ = ["natural_order", "plan_stub"]

_LINE = re.compile(r"from \.(\w+) import \1 as \1(\s*#.*)?")
_RENDERED = {"__all__", "_app"}
"""What `tasks/__init__.py` binds as it is rendered."""


def plan_stub(service: Service, changes: Sequence[Change]) -> tuple[list[Change], list[Edit]]:
    """What becomes of the stub where `changes` create tasks or remove one, and the outcome; neither if it stays.

    A task gets no line if its test reads the name as the module, as those of earlier releases do. No stub is made where
    it would hide what the owner has put into `tasks/__init__.py`.
    """
    added, removed = list(_typed(service, changes)), list(_tasks(service, changes, "remove"))
    path = f"src/{service.package}/tasks/__init__.pyi"
    file = service.root / path
    before = digest(file) if file.is_file() else ""
    if not (added or (removed and before)):
        return [], []
    found = read_bindings(f"{service.package}.tasks", file if before else file.with_suffix(".py"))
    if not before and (not found or found.stars or found.names.keys() - _RENDERED):
        return [], []
    text = file.read_text(encoding="utf-8", errors="replace") if before else ""
    after, bound = text, found.names if found else ()
    for name in added:
        after = after if name in bound else _with(after, name)
    for name in removed:
        after = "".join(line for line in after.splitlines(keepends=True) if _name(line) != name)
    by_hand = [f"add to {path}:\n{_line(name)}" for name in added if not found]
    by_hand += [f"take {name} out of {path}" for name in removed if (name in bound or not found) and after == text]
    if by_hand:
        return [], [unable(path, "\n".join(by_hand))]
    if after == text:
        return [], [edited(path, text, after)]
    kind: Literal["create", "replace", "remove"] = "create" if not before else "replace" if after.strip() else "remove"
    content = with_line_ends(after.encode(), file.read_bytes()) if before else after
    return [Change(kind, path, content, before=before)], [edited(path, text, after)]


def _typed(service: Service, changes: Sequence[Change]) -> Iterable[str]:
    texts = {change.path: str(change.content) for change in changes}
    for name in _tasks(service, changes, "create"):
        if f"import {service.package}.tasks.{name} as module\n" in texts.get(f"tests/tasks/test_{name}.py", ""):
            yield name


def _tasks(service: Service, changes: Sequence[Change], kind: str) -> Iterable[str]:
    for change in changes:
        file = re.fullmatch(rf"src/{service.package}/tasks/(\w+)\.py", change.path)
        if file and change.kind == kind:
            yield file[1]


def _with(text: str, name: str) -> str:
    """The text with the line of a task before the first one that ruff sorts behind it, else behind the last one."""
    lines = text.splitlines(keepends=True)
    places = {place: other for place, line in enumerate(lines) if (other := _name(line))}
    later = [place for place, other in places.items() if natural_order(other) > natural_order(name)]
    place = min(later) if later else max(places, default=len(lines) - 1) + 1
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += "\n"
    return "".join([*lines[:place], _line(name), *lines[place:]])


def _name(line: str) -> str | None:
    """The task whose line this is."""
    found = _LINE.fullmatch(line.rstrip("\n"))
    return found[1] if found else None


def _line(name: str) -> str:
    return f"from .{name} import {name} as {name}\n"


def natural_order(name: str) -> list[str | tuple[int, str]]:
    """As ruff sorts: numbers by their value, those that begin with 0 by their digits."""
    parts = re.split(r"(\d+)", name)
    return [(0 if part[0] == "0" else len(part), part) if part.isdigit() else part for part in parts]
