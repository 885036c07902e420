"""git as a child process: the only way in which asyncgen reads templates and makes repositories."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

from .errors import AsyncgenError, Refused
from .places import is_mirror

__all__ = ["GitError", "clean_environment", "git", "git_bytes", "require_git"]

# A hook, a rebase or `git -c` passes on the outer repository, its objects and its settings: what `git rev-parse
# --local-env-vars` lists and some more. GIT_CONFIG_COUNT stays: people configure git with it, as in containers.
_REPOSITORY_VARIABLES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
# These change what a path or a difference means.
_MEANING_VARIABLES = (
    "GIT_DIFF_OPTS",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
)
# A repository that somebody else made may name programs in its configuration, and a clone may hold files that git takes
# for a bare repository with a configuration of its own; an answers file may name any address.
_CAREFUL = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "safe.bareRepository=explicit")
_OWN = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    # To look at a repository writes nothing into it.
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
# Not every message names the error of the system; the ones that do come first.
_NOT_WRITTEN = (
    "no space left on device|out of diskspace|disk quota exceeded|file too large|file size limit exceeded",
    "(unable to|failed to|cannot|could not|couldn't) write|write error",
)


class GitError(AsyncgenError):
    """git exited with an error; the text is the line that says why, without a name or password of a URL."""


def require_git() -> None:
    """Raise Refused when there is no git to run."""
    if shutil.which("git") is None:
        raise Refused("expected git on PATH, got: none; install git")


def clean_environment() -> dict[str, str]:
    """This process's environment without what would send a git below it to another repository."""
    dropped = {*_REPOSITORY_VARIABLES, *_MEANING_VARIABLES}
    return {name: value for name, value in os.environ.items() if name not in dropped}


def git_bytes(*arguments: str, at: Path | None = None, stdin: str | None = None, most: int = 0) -> bytes:
    """The standard output of one git command, run in the folder `at`; `stdin` is its standard input.

    Raises GitError for an exit code above `most`; Refused without git on PATH, with a full disk, and for a
    repository that belongs to somebody else.
    """
    require_git()
    # Only asyncgen's own mirrors are bare.
    where = ["--git-dir" if is_mirror(at) else "-C", str(at)] if at else []
    done = subprocess.run(
        ["git", *_CAREFUL, *where, *arguments],
        capture_output=True,
        input=(stdin or "").encode(),
        env=clean_environment() | _OWN,
        check=False,
    )
    if not 0 <= done.returncode <= most:
        command = next(word for word in arguments if not word.startswith("-") and "=" not in word)
        raise _failure(command, done.stderr.decode(errors="replace"), done.returncode)
    return done.stdout


def git(*arguments: str, at: Path | None = None, stdin: str | None = None) -> str:
    """The same as text, without the blanks around it."""
    return git_bytes(*arguments, at=at, stdin=stdin).decode(errors="replace").strip()


def _failure(command: str, stderr: str, code: int) -> AsyncgenError:
    lines = [re.sub(r"//[^/@\s]*@", "//", line) for line in stderr.splitlines() if line.strip()]
    if code < 0:
        lines.append(signal.strsignal(-code) or f"signal {-code}")
    for words in _NOT_WRITTEN:
        if line := next((line for line in lines if re.search(words, line, re.I)), None):
            fix = "see whether the disk is full, and run it again"
            return Refused(f"expected git {command} to write its files, got: {line}; {fix}")
    if owned := re.search(r"dubious ownership in repository at '(.*)'", stderr):
        return Refused(
            f"expected the git repository {owned[1]} to belong to you, got: another owner, which git refuses; "
            f"run git config --global --add safe.directory {shlex.quote(owned[1])}"
        )
    # Traces and warnings may come before it.
    errors = (line for line in lines if line.startswith(("fatal:", "error:")))
    return GitError(next(errors, lines[0] if lines else f"exit code {code}"))
