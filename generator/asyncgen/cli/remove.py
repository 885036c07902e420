"""`asyncgen remove-task` and `asyncgen remove-workflow`: remove an unedited file and its test."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .completion import task_names, workflow_names
from .edits import as_rows, exit_if_unable, say_advice
from .opening import open_service
from .options import DryRun, Force, Json, TemplateOption
from .output import name_strays, say, say_json

if TYPE_CHECKING:
    from ..skeletons import Kind

__all__ = ["remove_task", "remove_workflow"]


def remove_task(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The task, as in add-task.", autocompletion=task_names)],
    force: Force = False,
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Remove a task and its test.

    Only files that are as add-task made them are removed, unless --force says that edits may be lost. A task that a
    workflow uses stays, and so does one that another file of the package imports, such as `api.py`.
    """
    from ..tasks import TASK

    _remove(TASK, name, force=force, template=template, dry_run=dry_run, json=json)


def remove_workflow(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The workflow, as in add-workflow.", autocompletion=workflow_names)
    ],
    force: Force = False,
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Remove a workflow and its test; its tasks stay.

    Only files that are as add-workflow made them are removed, unless --force says that edits may be lost.
    """
    from ..workflows import WORKFLOW

    _remove(WORKFLOW, name, force=force, template=template, dry_run=dry_run, json=json)


def _remove(kind: "Kind", name: str, *, force: bool, template: str | None, dry_run: bool, json: bool) -> None:
    from ..plan import apply
    from ..skeletons import plan_removal
    from ..tasks.stub import plan_stub
    from ..workflows.listing import importers, uses

    service = open_service(writes=not dry_run)
    name_strays(service)
    users, imported = (uses(service), importers(service)) if kind.word == "task" else ({}, {})
    changes = plan_removal(kind, name, service, uses=users, imported=imported, force=force, location=template)
    stub, edits = plan_stub(service, changes)
    apply(service.root, [*changes, *stub], dry_run=dry_run)
    paths = [change.path for change in changes]
    removed = Path(paths[0]).stem
    if json:
        rest = {"edits": as_rows(edits)} if kind.word == "task" else {}
        say_json({kind.word: removed, "files": paths, **rest, "dry_run": dry_run})
    else:
        shown = [*(f"  {path}" for path in paths), *(f"  {change.path}: its line" for change in stub)]
        say(f"{'Would remove' if dry_run else 'Removed'} {removed}:", *shown)
        say_advice(edits)
    exit_if_unable(edits)
