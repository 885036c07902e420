"""A file that is not checked because it cannot be read."""

from pathlib import Path
from typing import Literal, NamedTuple

__all__ = ["Reason", "Skipped"]

Reason = Literal["unreadable", "size", "encoding", "syntax", "nesting"]


class Skipped(NamedTuple):
    """`shown` is the path in the user's words, `line` counts from 1 and is None where no line is to blame."""

    shown: str
    line: int | None
    reason: Reason
    detail: str
    path: Path

    def __str__(self) -> str:
        return f"{self.place}: skipped, {self.detail}"

    @property
    def place(self) -> str:
        return self.shown if self.line is None else f"{self.shown}:{self.line}"

    def as_dict(self) -> dict[str, str | int | None]:
        return {"path": self.shown, "line": self.line, "reason": self.reason, "detail": self.detail}
