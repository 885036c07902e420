"""git as a child process: the only way in which asyncgen reads templates and makes repositories."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from .errors import Refused

__all__ = ["GitError", "git", "git_bytes", "require_git"]

# A command that runs inside a hook or a rebase inherits the outer repository in these.
_REPOSITORY_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
)


class GitError(Exception):
    """git exited with an error; the text is the first line that it said, without a name or password of a URL."""


def require_git() -> None:
    """Raise Refused when there is no git to run."""
    if shutil.which("git") is None:
        raise Refused("expected git on PATH, got: none; install git")


# A repository that somebody else made may name programs in its configuration; an answers file may name any address.
_CAREFUL = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_PROTOCOLS = "file:git:http:https:ssh"


def git_bytes(*arguments: str, at: Path | None = None, said: str | None = None, most: int = 0) -> bytes:
    """The standard output of one git command, run in the folder `at`; `said` is its standard input.

    Raises Refused without git on PATH, GitError for an exit code above `most`.
    """
    require_git()
    environment = {k: v for k, v in os.environ.items() if k not in _REPOSITORY_VARIABLES}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": _PROTOCOLS}
    where = ["-C", str(at)] if at else []
    done = subprocess.run(
        ["git", *_CAREFUL, *where, *arguments],
        capture_output=True,
        input=(said or "").encode(),
        env=environment,
        check=False,
    )
    if not 0 <= done.returncode <= most:
        complaint = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise GitError(re.sub(r"//[^/@\s]*@", "//", complaint.splitlines()[0]))
    return done.stdout


def git(*arguments: str, at: Path | None = None, said: str | None = None) -> str:
    """The same as text, without the blanks around it."""
    return git_bytes(*arguments, at=at, said=said).decode(errors="replace").strip()
