"""One thing that was looked at: the same fields and words as those of the `doctor` of a service."""

import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import AsyncgenError
from ..locks import system_error

__all__ = ["Finding", "asked", "in_root", "unknown", "warning"]


@dataclass(frozen=True)
class Finding:
    """Whether something is as it has to be, and what was seen.

    ok: nothing has to be changed, as far as is known. warning: it is not as it should be, but good enough for now.
    unknown: it was not looked at. fix: the command that changes it, or that asks for what is unknown; in several
    lines, if there are several.
    """

    subject: str
    ok: bool
    detail: str
    warning: bool = False
    fix: str = ""
    unknown: bool = False

    @property
    def verdict(self) -> str:
        """The word for it: ok, warn, FAIL or unknown."""
        if self.unknown:
            return "unknown"
        return "warn" if self.warning else "ok" if self.ok else "FAIL"


def warning(subject: str, detail: str, fix: str) -> Finding:
    """What should be otherwise, and fails nothing."""
    return Finding(subject, True, detail, warning=True, fix=fix)


def unknown(subject: str, why: str, fix: str) -> Finding:
    """What was not looked at."""
    return Finding(subject, True, why, fix=fix, unknown=True)


def asked(subject: str, question: Callable[[], Finding], fix: str = "", *, by_git: bool = False) -> Finding:
    """What a question finds; an error that it raises on purpose, or one of the system, is a failure.

    by_git: it takes git, so that it stays open where there is none.
    """
    if by_git and shutil.which("git") is None:
        return unknown(subject, "not asked: it takes git", fix)
    try:
        return question()
    except AsyncgenError as error:
        return Finding(subject, False, str(error), fix=fix)
    except OSError as error:
        return Finding(subject, False, system_error(error), fix=fix)


def in_root(root: Path, command: str) -> str:
    """A command that works in the root of a project, for whoever is in the current folder."""
    return command if Path.cwd() == root else f"cd {shlex.quote(str(root))} && {command}"
