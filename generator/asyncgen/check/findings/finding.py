"""What a rule says about one place in the code."""

from typing import NamedTuple

__all__ = ["Finding"]


class Finding(NamedTuple):
    """`line` and `column` count from 1. `path` is as the user gave it, with forward slashes."""

    path: str
    line: int
    column: int
    code: str
    name: str
    message: str
    fix: str

    def as_dict(self) -> dict[str, str | int]:
        return self._asdict()
