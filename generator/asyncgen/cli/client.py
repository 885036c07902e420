"""`asyncgen client`: a package of typed calls for other applications, from a service's contract."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import DryRun, Json, TemplateOption
from .output import notice, say, say_json

if TYPE_CHECKING:
    from ..plan import Change

__all__ = ["client"]

_WORDS = {"create": "new", "replace": "changed", "remove": "removed"}


def client(
    destination: Annotated[
        str, typer.Argument(metavar="DEST", help="The package's folder: new, or a client that asyncgen wrote.")
    ],
    contract: Annotated[
        Path, typer.Option(metavar="FILE", help="The contract that the service's command `contract` prints.")
    ] = Path("contract.yaml"),
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write a package with which others publish tasks. It needs no code of the service.

    It is made from the contract alone: typed functions, checked arguments, the service's queues and deadlines. Run it
    again with a later contract: files that somebody has edited are refused, and nothing is changed then.
    """
    from ..client import files_of, plan_client, read_contract
    from ..git import require_git
    from ..plan import apply, recover, unfinished
    from ..project import check_destination, create_files
    from ..source import find

    found = read_contract(contract)
    # The template is read with git.
    require_git()
    source = find(template)
    notice(source.notice)
    files = files_of(found, source)
    root = Path(os.path.abspath(destination))
    is_new = not os.path.lexists(root)
    if is_new:
        check_destination(root)
    elif root.is_dir():
        notice((unfinished if dry_run else recover)(root))
    changes = plan_client(files, root)
    if not is_new:
        apply(root, changes, dry_run=dry_run)
    elif not dry_run:
        create_files(root, {change.path: change.data for change in changes})
    name = f"{found.package}_client"
    if json:
        say_json(
            {
                "destination": str(root),
                "module": name,
                "contract": found.digest,
                "tasks": [task.key for task in found.tasks],
                "files": [{"file": change.path, "change": change.kind} for change in changes],
                "dry_run": dry_run,
            }
        )
    else:
        say(*_summary(destination, name, changes, dry_run=dry_run))


def _summary(destination: str, name: str, changes: "list[Change]", *, dry_run: bool) -> list[str]:
    if not changes:
        return [f"Nothing to do for {destination}: it is the client of this contract."]
    return [
        f"{'Would write' if dry_run else 'Wrote'} {destination}, the package {name}:",
        *(f"  {change.path}: {_WORDS[change.kind]}" for change in changes),
    ]
