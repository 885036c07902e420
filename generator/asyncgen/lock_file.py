"""uv.lock of a new project: which versions its image and its pipeline install, with their digests."""

import shutil
import subprocess
from pathlib import Path

from .git import clean_environment

__all__ = ["lock"]

_TIMEOUT = 30
"""Seconds; it takes one where the index answers."""
_PATIENCE = {"UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "1"}
"""uv's own limits, in seconds and tries, where the environment sets none: without a network it gives up soon."""


def lock(project: Path) -> str:
    """Write uv.lock with the uv on PATH; why there is none, or "" where it was written or has no place.

    It has a place where the project's Makefile can write it anew.
    """
    makefile = project / "Makefile"
    if not makefile.is_file() or "\nlock:" not in makefile.read_text(encoding="utf-8"):
        return ""
    uv = shutil.which("uv")
    if not uv:
        return "uv is not on PATH"
    try:
        done = subprocess.run(
            [uv, "lock", "--quiet"],
            cwd=project,
            env=_PATIENCE | clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return f"uv did not end within {_TIMEOUT} s"
    except OSError as error:
        return f"uv could not be run: {error.strerror}"
    return _complaint(done.stderr, done.returncode) if done.returncode else ""


def _complaint(printed: str, code: int) -> str:
    """uv's error and the first cause of it, on one line."""
    lines = [line.strip().partition(": ")[2] for line in printed.splitlines()[:2]]
    return f"uv lock ended with {code}: {'; '.join(lines)[:200]}"
