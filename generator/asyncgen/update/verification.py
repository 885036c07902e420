"""Whether the project would hold after an update, found out on a copy: it compiles, lints, and its times fit.

What was wrong before the update does not stop it: only what the update would break.
"""

from collections import Counter
from pathlib import Path

from ..environment import Environment, UntrustedError, machine_program, own_environment, repository
from ..errors import Refused
from ..service import Service
from .merging import Outcome
from .prepare import Update
from .programs import complaints, import_error, make_test
from .scratch import copy_project
from .swap import project_files
from .times import broken_times

__all__ = ["verify"]


def verify(update: Update, scratch: Path, *, test: bool = False, read_only: bool = False) -> list[str]:
    """Raise Refused for what the update would break; returns notes about what could not be verified.

    test: run `make test` on the copy too.
    read_only: run nothing of the project's or of the template's; the times are read from the files.
    """
    service, notes = update.service, []
    try:
        environment = None if read_only else own_environment(service.root)
    except UntrustedError as reason:
        environment = None
        notes.append(f"The service was not imported, and its times were only read: {reason}.")
    # make test is to build an environment of its own, even where the repository brings one.
    listed = [path for path in project_files(service.root) if path.partition("/")[0].lower() != ".venv"]
    copy = scratch / "verified" / service.root.name
    unreadable = copy_project(service.root, copy, listed, update.outcomes)
    notes += [f"{path} cannot be read: what follows from it was not verified." for path in unreadable]
    merged = [o for o in update.outcomes if o.kind in ("create", "replace") and not o.conflicts]
    python = [outcome for outcome in merged if outcome.path.endswith(".py")]
    _compile(python)
    _lint(_ruff(service.root, environment), service.root, copy, python)
    if any(outcome.conflicts for outcome in update.outcomes):
        return ["Conflicts: the timeout budget and the tests were not checked; run make test once they are resolved."]
    if update.imports:
        return [*notes, "Imports to change: the service was not imported and its tests not run; run make test then."]
    notes += _times(service, copy, environment)
    if test and (complaint := make_test(copy)):
        raise _broken("make test to pass on the updated copy", complaint)
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


def _lint(ruff: Path | None, before: Path, after: Path, python: list[Outcome]) -> None:
    """Refuse a file in which the project's rules find more than they did."""
    paths = [outcome.path for outcome in python]
    if ruff is None or not paths:
        return
    found = complaints(ruff, after, paths)
    if not found:
        return
    there = [path for path in paths if (before / path).is_file()]
    more = found - (complaints(ruff, before, there) if there else Counter())
    if more:
        path, code = min(more)
        raise _broken(f"{path} to pass the project's lint rules", f"{code} there")


def _ruff(root: Path, environment: Environment | None) -> Path | None:
    """The project's ruff, else the one beside asyncgen or on PATH."""
    own = environment.program("ruff") if environment else None
    return own or machine_program("ruff", repository(root.resolve()))


def _times(service: Service, copy: Path, environment: Environment | None) -> list[str]:
    """The timeout budget: by importing the service where its environment is there, else by reading its files."""
    notes = []
    if environment and (python := environment.program("python")):
        complaint = import_error(python, copy, service.package)
        if not complaint:
            return []
        if import_error(python, service.root, service.package):
            notes.append(
                f"The service could not be imported before the update either, so its times were only read: {complaint}"
            )
        elif "ModuleNotFoundError" not in complaint or f"'{service.package}" in complaint:
            raise _broken("the service to start", complaint)
    broken, unread = broken_times(copy, service)
    if broken:
        raise _broken("every task to fit the service", broken[0])
    return notes + [f"{path} is no Python that can be read: its times were not checked." for path in unread]


def _broken(expected: str, got: str) -> Refused:
    return Refused(f"expected {expected} after the update, got: {got}; nothing was changed. Fix it, or use --no-verify")
