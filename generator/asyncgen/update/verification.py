"""Whether the project would hold after an update, found out on a copy: it compiles, lints, and its times fit.

What was wrong before the update does not stop it: only what the update would break.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from ..errors import Refused
from ..git import git
from ..service import Service
from .merging import Outcome
from .prepare import Update
from .scratch import copy_project
from .swap import project_files
from .times import broken_times

__all__ = ["verify"]

_PATIENCE = 120
_TEST_PATIENCE = 1800


def verify(update: Update, scratch: Path, *, test: bool = False) -> list[str]:
    """Raise Refused for what the update would break; returns notes about what could not be verified.

    test: run `make test` on the copy too.
    """
    service = update.service
    listed = project_files(service.root)
    copy = copy_project(service.root, scratch / "verified" / service.root.name, listed, update.outcomes)
    settled = [o for o in update.outcomes if o.kind in ("create", "replace") and not o.conflicts]
    python = [outcome for outcome in settled if outcome.path.endswith(".py")]
    _compile(python)
    _lint(service.root, copy, python)
    if any(outcome.conflicts for outcome in update.outcomes):
        return ["Conflicts: the chain of times and the tests were not looked at; run make test once they are resolved."]
    notes = _times(service, copy)
    if test:
        _test(copy)
    return notes


def _compile(python: list[Outcome]) -> None:
    for outcome in python:
        try:
            compile(outcome.content, outcome.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            if outcome.edited and not _compiles(outcome.before):
                continue
            raise _broken(f"{outcome.path} to compile", str(error)) from error


def _compiles(source: bytes | None) -> bool:
    try:
        compile(source or b"", "before", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _lint(before: Path, after: Path, python: list[Outcome]) -> None:
    """Refuse a file in which the project's rules find more than they did."""
    ruff = _ruff(before)
    paths = [outcome.path for outcome in python]
    if ruff is None or not paths:
        return
    found = _complaints(ruff, after, paths)
    if not found:
        return
    there = [path for path in paths if (before / path).is_file()]
    more = found - (_complaints(ruff, before, there) if there else Counter())
    if more:
        path, code = min(more)
        raise _broken(f"{path} to pass the project's lint rules", f"{code} there")


def _complaints(ruff: str, folder: Path, paths: list[str]) -> Counter[tuple[str, str]]:
    command = [ruff, "check", "--no-cache", "--quiet", "--output-format", "json", "--", *paths]
    done = subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PATIENCE)
    try:
        findings = json.loads(done.stdout or b"[]")
    except ValueError:
        return Counter()
    root = folder.resolve()
    return Counter(
        (Path(finding["filename"]).resolve().relative_to(root).as_posix(), finding["code"] or "syntax")
        for finding in findings
    )


def _ruff(root: Path) -> str | None:
    """The project's ruff, else the one beside asyncgen."""
    own = root / ".venv" / "bin" / "ruff"
    if own.is_file() and _is_the_machines(root, own):
        return str(own)
    return shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")


def _times(service: Service, copy: Path) -> list[str]:
    """The chain of times: by importing the service where its environment is there, else by reading its files."""
    python = service.root / ".venv" / "bin" / "python"
    if python.is_file() and _is_the_machines(service.root, python):
        complaint = _import(python, copy, service.package)
        if not complaint:
            return []
        if _import(python, service.root, service.package):
            return [
                f"The service could not be imported before the update either, so its times were only read: {complaint}"
            ]
        if "ModuleNotFoundError" not in complaint or f"'{service.package}" in complaint:
            raise _broken("the service to start", complaint)
    if broken := broken_times(copy, service.package):
        raise _broken("every task to fit the service", broken[0])
    return []


def _import(python: Path, root: Path, package: str) -> str:
    """What importing the service says, "" if it says nothing."""
    environment = os.environ | {"PYTHONPATH": str(root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(python), "-c", f"import {package}.app"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=_PATIENCE,
    )
    return done.stderr.strip().splitlines()[-1] if done.returncode and done.stderr.strip() else ""


def _test(copy: Path) -> None:
    """`make test` on the copy, with an environment of its own."""
    done = subprocess.run(
        ["make", "test"],
        cwd=copy,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=_TEST_PATIENCE,
    )
    if done.returncode:
        last = next((line for line in reversed(done.stdout.splitlines()) if line.strip()), "nothing")
        raise _broken("make test to pass on the updated copy", last)


def _is_the_machines(root: Path, tool: Path) -> bool:
    """Whether a program was installed here, rather than brought by the repository, whose word is not to be run."""
    return not git("ls-files", "--", str(tool), at=root)


def _broken(expected: str, got: str) -> Refused:
    return Refused(
        f"expected {expected} after the update, got: {got}; nothing was changed. Mend it, or use --no-verify"
    )
