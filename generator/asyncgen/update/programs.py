"""The programs of a project that commands run: ruff, its Python and, if asked for, make test and its own commands."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Any

from ..git import clean_environment

__all__ = ["complaints", "import_error", "lint", "make_test", "service_answer"]

_TIMEOUT = 120
_TEST_TIMEOUT = 1800
"""Seconds."""
# Isolated, Python knows neither the current folder nor PYTHONPATH; the copy comes before an editable install of the
# project itself.
_IMPORT = "import importlib, sys; sys.path.insert(0, sys.argv[1]); importlib.import_module(sys.argv[2])"


def complaints(ruff: Path, folder: Path, paths: Sequence[str]) -> Counter[tuple[str, str]]:
    """The number of findings by file and rule code; none where ruff fails."""
    # The project's configuration may make ruff write its fixes.
    options = ["--no-cache", "--no-fix", "--no-fix-only", "--quiet", "--output-format", "json"]
    try:
        findings = json.loads(_run([str(ruff), "check", *options, "--", *paths], folder, stderr=DEVNULL)[1] or "[]")
    except ValueError:
        return Counter()
    root = folder.resolve()
    return Counter(
        (Path(finding["filename"]).resolve().relative_to(root).as_posix(), finding["code"] or "syntax")
        for finding in findings
    )


def lint(ruff: Path, folder: Path) -> str:
    """What ruff says of the format of a project, or else first of its rules; "" if both hold."""
    paths = ["--no-cache", "--", "."]
    code, output = _run([str(ruff), "format", "--check", *paths], folder)
    if code == 1:
        return "expected every file to be as ruff format writes it, got: another format"
    if not code:
        rules = ["--no-fix", "--no-fix-only", "--output-format", "concise"]
        code, output = _run([str(ruff), "check", *rules, *paths], folder)
    return next(iter(output.strip().splitlines()), f"exit code {code}") if code else ""


def import_error(python: Path, root: Path, package: str) -> str:
    """The last line that importing the service prints, "" if it succeeds. It runs the code of the project in `root`."""
    command = [str(python), "-I", "-B", "-c", _IMPORT, str(root / "src"), f"{package}.app"]
    return _last_line(*_run(command, root, stdout=DEVNULL))


def service_answer(python: Path, root: Path, package: str, words: Sequence[str]) -> Any:
    """What a command of the service prints with --json: {"error": ...} if it fails. It runs the code of the project."""
    code, output = _run([str(python), "-P", "-B", "-m", package, *words, "--json"], root)
    try:
        return json.loads(output)
    except ValueError:
        return {"error": _last_line(code or 1, output)}


def make_test(root: Path) -> str:
    """The last line of output of `make test`, "" if it succeeds. It runs the Makefile and the tests of the project."""
    return _last_line(*_run(["make", "test"], root, stderr=STDOUT, timeout=_TEST_TIMEOUT))


def _run(
    command: Sequence[str], folder: Path, *, stdout: int = PIPE, stderr: int = PIPE, timeout: int = _TIMEOUT
) -> tuple[int, str]:
    """The exit code of a program, run without input, and its output."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=clean_environment(),
            stdin=DEVNULL,
            stdout=stdout,
            stderr=stderr,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except OSError as error:
        return 1, f"{command[0]} cannot be run: {error.strerror}"
    except subprocess.TimeoutExpired:
        return 1, f"{command[0]} takes more than {timeout} s"
    return done.returncode, done.stdout or done.stderr or ""


def _last_line(code: int, output: str) -> str:
    if not code:
        return ""
    return next((line.strip() for line in reversed(output.splitlines()) if line.strip()), f"exit code {code}")
