"""uv.lock of a new project: which versions its image and its pipeline install, with their digests."""

import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .environment import on_path, repository
from .git import clean_environment

__all__ = ["has_place", "lock"]

_TIMEOUT = 30
"""Seconds; it takes one where the index answers."""
_PATIENCE = {"UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "1"}
"""uv's own limits, in seconds and tries, where the environment sets none: without a network it gives up soon."""
_OF_UV = (".python-version", ".venv", "uv.toml")
"""Files that name a program for uv, or a place to write to."""


def has_place(makefile: bytes) -> bool:
    """Whether uv.lock belongs to a project: this Makefile of it can write it anew."""
    return b"\nlock:" in makefile


def lock(project: Path) -> str:
    """Write uv.lock with the uv on PATH; why there is none, or "" where it was written or has no place."""
    makefile = project / "Makefile"
    pyproject = project / "pyproject.toml"
    if not (makefile.is_file() and pyproject.is_file() and has_place(makefile.read_bytes())):
        return ""
    if any(os.path.lexists(project / name) for name in _OF_UV) or not _static(pyproject.read_bytes()):
        return "the template's files could make uv run code of theirs"
    uv = on_path("uv", repository(project.resolve()))
    if not uv:
        return "uv is not on PATH"
    try:
        done = subprocess.run(
            # No code of a dependency runs.
            [str(uv), "lock", "--quiet", "--no-build"],
            cwd=project,
            env=_PATIENCE | clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return f"uv did not end within {_TIMEOUT} s"
    except OSError as error:
        return f"uv could not be run: {error.strerror}"
    return _complaint(done.stderr, done.returncode) if done.returncode else ""


def _static(text: bytes) -> bool:
    """Whether a pyproject.toml says all that uv asks for: it builds what is dynamic, and what a folder holds."""
    try:
        table = tomllib.loads(text.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    project, tools = table.get("project"), table.get("tool", {})
    if not isinstance(project, dict):
        return False
    needed = [project.get("dependencies"), project.get("optional-dependencies"), table.get("dependency-groups")]
    return not (project.get("dynamic") or "uv" in tools or any("@" in each for each in _texts(needed)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _complaint(printed: str, code: int) -> str:
    """uv's error and the first cause of it, on one line."""
    lines = [line.strip().partition(": ")[2] for line in printed.splitlines()[:2]]
    return f"uv lock ended with {code}: {'; '.join(lines)[:200]}"
