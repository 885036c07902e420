"""What a rule says about one place in the code, or about several that one edit mends."""

from typing import Any, NamedTuple

__all__ = ["Cause", "Finding", "Related"]


class Related(NamedTuple):
    """One of the places that a finding is about; `name` is the task's."""

    path: str
    line: int
    column: int
    name: str


class Cause(NamedTuple):
    """What several findings have in common: the place of the one edit that mends them all, or a mistake made again and
    again. `path` is empty where there is no such place, or none can see it. Fewer than `least` are not joined.

    In `message`, `{count}` and `{names}` stand for the tasks concerned, `{total}` for the number of all that were
    looked at.
    """

    path: str
    line: int
    column: int
    message: str
    fix: str
    least: int = 2


class Finding(NamedTuple):
    """`line` and `column` count from 1. `path` is as the user gave it, with forward slashes.

    `name` is the rule's. A finding that may share its `cause` with others carries the name of its task, its `subject`;
    `related` are the places of those that were joined.
    """

    path: str
    line: int
    column: int
    code: str
    name: str
    message: str
    fix: str
    related: tuple[Related, ...] = ()
    subject: str = ""
    cause: Cause | None = None

    def parts(self) -> list["Finding"]:
        """A finding for each place that it is about."""
        return [
            self._replace(path=r.path, line=r.line, column=r.column, subject=r.name, related=()) for r in self.related
        ] or [self]

    def as_dict(self) -> dict[str, Any]:
        shown = self._asdict() | {"related": [related._asdict() for related in self.related]}
        return {key: value for key, value in shown.items() if key not in {"subject", "cause"}}
