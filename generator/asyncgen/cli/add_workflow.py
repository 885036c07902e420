"""`asyncgen add-workflow`: a workflow of existing tasks and its test, in a service."""

from typing import Annotated

import typer

from .completion import task_list
from .opening import open_service
from .options import DryRun, Json, TemplateOption
from .output import name_strays, say, say_json

__all__ = ["add_workflow"]


def add_workflow(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The workflow: checkout, NightlyReport or nightly-report.")
    ],
    chain: Annotated[
        str | None, typer.Option(help="One after the other.", metavar="a,b,c", autocompletion=task_list)
    ] = None,
    group: Annotated[str | None, typer.Option(help="All at once.", metavar="a,b", autocompletion=task_list)] = None,
    chord: Annotated[
        str | None,
        typer.Option(help="All at once, and one when they are done.", metavar="a,b:c", autocompletion=task_list),
    ] = None,
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Add a workflow of existing tasks to a service.

    Makes src/<package>/workflows/NAME.py and tests/workflows/test_NAME.py, and edits nothing. Signatures are
    immutable: steps get the arguments that the workflow is started with, and fetch fresh data themselves. Each step's
    key comes from the workflow's id, so that one that is started again after a crash repeats no finished step.
    """
    from ..names import task_name
    from ..plan import apply
    from ..skeletons import plan_additions
    from ..source import recorded
    from ..tasks.listing import list_tasks
    from ..workflows import WORKFLOW, decide_shape, new_variables

    service = open_service(writes=not dry_run)
    name_strays(service)
    known = list_tasks(service)
    workflow = task_name(name, service.module_names, what="workflow")
    shape = decide_shape(chain, group, chord, service, known)
    version = recorded(template or service.src_path, service.commit)
    changes = plan_additions(WORKFLOW, [new_variables(workflow, shape, service, known)], service, version)
    apply(service.root, changes, dry_run=dry_run)
    paths = [change.path for change in changes]
    if json:
        steps = [step.task for step in shape.steps]
        say_json({"workflow": workflow, "kind": shape.kind, "steps": steps, "files": paths, "dry_run": dry_run})
        return
    say(f"{'Would add' if dry_run else 'Added'} {workflow}:", *(f"  {path}" for path in paths))
    if not dry_run:
        say("", f"Next: write failed in {paths[0]}, then run make test.")
