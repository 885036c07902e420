"""`asyncgen doctor`: is everything there that asyncgen and the current service need, and what would CI say?"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .options import Json
from .output import one_line, say, say_json

if TYPE_CHECKING:
    from ..doctor import Finding

__all__ = ["doctor"]


def doctor(json: Json = False) -> None:
    """Look for faults of this machine and of the service. It tells what CI would say; exit 1 if there is one.

    Each line that is not ok has the command that changes it, or that asks for what is unknown. It needs no network,
    and changes nothing in the project. Outside of a service it looks at the machine alone. What the servers of a
    service say is for its own doctor: python -m PACKAGE doctor.
    """
    from dataclasses import asdict

    findings = list(_examine(Path.cwd()))
    if json:
        say_json([asdict(finding) for finding in findings])
    else:
        say(*(line for finding in findings for line in _lines(finding)))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _examine(start: Path) -> "Iterator[Finding]":
    from ..doctor import Finding, examine_machine, examine_pipeline, examine_project
    from ..errors import AsyncgenError
    from ..names import ANSWERS_FILE
    from ..service import find_service

    try:
        service = find_service(start)
    except AsyncgenError as error:
        yield from examine_machine(None)
        if any((folder / ANSWERS_FILE).is_file() for folder in (start, *start.parents)):
            yield Finding("service", False, str(error))
        else:
            why = "none in this folder or above: only the machine was looked at"
            yield Finding("service", True, why, fix="asyncgen new myservice", unknown=True)
        return
    for examine in (examine_machine, examine_project, examine_pipeline):
        yield from examine(service)


def _lines(finding: "Finding") -> "Iterator[str]":
    yield f"{finding.verdict:<7}  {finding.subject:<15}  {one_line(finding.detail)}"
    for fix in finding.fix.splitlines():
        yield f"{'':<7}  {'':<15}  $ {fix}"
