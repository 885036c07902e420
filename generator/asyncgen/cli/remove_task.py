"""`asyncgen remove-task`: removes an unedited task and its test."""

from pathlib import Path
from typing import Annotated

import typer

from .opening import open_service
from .options import DryRun, Force, Json, TemplateOption
from .output import name_strays, say, say_json

__all__ = ["remove_task"]


def remove_task(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The task, as in add-task.")],
    force: Force = False,
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Remove a task and its test.

    Only files that are as add-task made them are removed, unless --force says that edits may be lost. A task that a
    workflow uses stays.
    """
    from ..plan import apply
    from ..tasks import plan_removal
    from ..workflows.listing import uses

    service = open_service(writes=not dry_run)
    name_strays(service)
    changes = plan_removal(name, service, uses=uses(service), force=force, location=template)
    apply(service.root, changes, dry_run=dry_run)
    paths = [change.path for change in changes]
    if json:
        say_json({"task": Path(paths[0]).stem, "files": paths, "dry_run": dry_run})
    else:
        say(
            f"{'Would remove' if dry_run else 'Removed'} {Path(paths[0]).stem}:",
            *(f"  {path}" for path in paths),
        )
