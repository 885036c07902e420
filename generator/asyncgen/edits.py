"""An edit of a file that people may have edited before: done, already there, or unable with what to do by hand."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Edit", "edited", "unable"]


@dataclass(frozen=True)
class Edit:
    """The outcome for one file; `content` is the whole file afterwards, `advice` what to do by hand if it is unable."""

    path: str
    outcome: Literal["done", "already", "unable"]
    content: str = ""
    advice: str = ""


def edited(path: str, before: str, after: str) -> Edit:
    """Done, or already there if nothing had to change."""
    return Edit(path, "already" if before == after else "done", after)


def unable(path: str, advice: str) -> Edit:
    """What has to be done by hand."""
    return Edit(path, "unable", advice=advice)
