"""Runs commands that have to succeed."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support import commit

__all__ = ["asyncgen", "commit", "run"]


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None, patience: float = 800) -> str:
    """Run a command that has to succeed, and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "ASYNCGEN_TEMPLATE"} | dict(env or {})
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=patience,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-8000:]}"
    return done.stdout


def asyncgen(*arguments: str | Path, cwd: Path) -> str:
    """Run the command of this repository."""
    return run(sys.executable, "-m", "asyncgen", *arguments, cwd=cwd)
