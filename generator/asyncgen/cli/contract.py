"""`asyncgen contract`: what a service promises to those who send it messages, and what breaks that promise."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .completion import contracts
from .options import Json
from .output import notice, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..contract import Change

__all__ = ["contract"]

contract = typer.Typer(
    help="What changes of contract.yaml break for senders.",
    rich_markup_mode=None,
)


@contract.command("diff")
def _diff(
    old: Annotated[str, typer.Argument(help="A file, or a git commit: HEAD^1, origin/main.", autocompletion=contracts)],
    new: Annotated[str, typer.Argument(help="The same of the new contract: contract.yaml.", autocompletion=contracts)],
    json: Json = False,
) -> None:
    """Find what would break messages that wait, or producers.

    Exit code 0 if nothing would, 1 if something would; each change is named, with how to make it safely. Of a commit,
    the contract.yaml of the service that holds the current folder is read; where OLD has none, nothing breaks.
    """
    from ..contract import compare, find_contract
    from ..errors import BadInput

    before, after = (find_contract(name, Path.cwd()) for name in (old, new))
    if after.contract is None:
        raise BadInput(f"expected NEW to have a contract, got: {after.absent}; name a file or a commit that has one")
    if before.contract is None:
        notice(f"{before.absent}, so there is nothing to compare with")
    changes = compare(before.contract, after.contract) if before.contract else []
    breaks = [change for change in changes if change.breaks]
    notes = [change for change in changes if not change.breaks]
    if json:
        say_json({"breaks": [asdict(change) for change in breaks], "notes": [_as_note(change) for change in notes]})
    else:
        say(*_lines(breaks, notes))
    if breaks:
        raise typer.Exit(1)


def _as_note(change: "Change") -> dict[str, str]:
    return {"code": change.code, "subject": change.subject, "what": change.what, "mind": change.fix}


def _lines(breaks: "list[Change]", notes: "list[Change]") -> "Iterator[str]":
    for change in breaks:
        yield f"{change.subject}: {change.code}: {change.what}"
        yield f"    breaks {', and '.join(change.breaks)}: {change.why}"
        yield f"    fix: {change.fix}"
        yield ""
    if notes:
        yield "Notes:"
        yield from (f"  {note.subject}: {note.what}{f'; {note.fix}' if note.fix else ''}" for note in notes)
        yield ""
    found = (
        "Nothing breaks" if not breaks else "1 change breaks" if len(breaks) == 1 else f"{len(breaks)} changes break"
    )
    yield f"{found} messages on their way or producers that are not yet deployed"
