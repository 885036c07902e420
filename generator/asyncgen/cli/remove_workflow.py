"""`asyncgen remove-workflow`: removes an unedited workflow and its test."""

from pathlib import Path
from typing import Annotated

import typer

from .opening import open_service
from .options import DryRun, Force, Json, TemplateOption
from .output import name_strays, say, say_json

__all__ = ["remove_workflow"]


def remove_workflow(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The workflow, as in add-workflow.")],
    force: Force = False,
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Remove a workflow and its test; its tasks stay.

    Only files that are as add-workflow made them are removed, unless --force says that edits may be lost.
    """
    from ..plan import apply
    from ..workflows import plan_workflow_removal

    service = open_service(writes=not dry_run)
    name_strays(service)
    changes = plan_workflow_removal(name, service, force=force, location=template)
    apply(service.root, changes, dry_run=dry_run)
    paths = [change.path for change in changes]
    workflow = Path(paths[0]).stem
    if json:
        say_json({"workflow": workflow, "files": paths, "dry_run": dry_run})
    else:
        say(f"{'Would remove' if dry_run else 'Removed'} {workflow}:", *(f"  {path}" for path in paths))
