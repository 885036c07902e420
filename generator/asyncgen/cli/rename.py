"""`asyncgen rename-task`: a task, its test and all that uses it, under another name."""

from typing import Annotated

import typer

from .completion import task_names
from .edits import as_rows, exit_if_unable, say_advice
from .opening import open_service
from .options import DryRun, Json, TemplateOption
from .output import name_strays, say, say_json

__all__ = ["rename_task"]


def rename_task(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The task.", autocompletion=task_names)],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name, as in add-task.")],
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Rename a task of a service. Messages on their way, keys, producers and schedules go on as they are.

    Moves src/<package>/tasks/OLD.py and its test, edited or not, and changes the imports and uses of the task in the
    project's Python files. The task gets its former name as an alias, under which messages go on calling it. What is
    not certain, such as a name in a text, is reported with its line, and the exit code is 1.
    """
    from ..plan import apply
    from ..renaming import plan_rename

    service = open_service(writes=not dry_run)
    name_strays(service)
    plan = plan_rename(old, new, service, template)
    apply(service.root, plan.changes, dry_run=dry_run)
    if json:
        say_json(
            {
                "task": plan.new,
                "former": plan.old,
                "wire_name": plan.wire_name,
                "files": [{"from": before, "to": after} for before, after in plan.moved.items()],
                "edits": as_rows(plan.edits),
                "contract": plan.contract,
                "dry_run": dry_run,
            }
        )
        exit_if_unable(plan.edits)
        return
    shown = [f"  {before} -> {after}" for before, after in plan.moved.items()]
    shown += [f"  {edit.path}" for edit in plan.edits if edit.outcome == "done"]
    say(f"{'Would rename' if dry_run else 'Renamed'} {plan.old} to {plan.new}:", *shown, "")
    by = "the name in its options" if plan.is_fixed else "its first alias"
    say(f"Messages and keys go on calling it {plan.wire_name or 'as before'}, {by}.")
    if plan.contract:
        say(f"{plan.contract} has the former name: make test writes it anew.")
    say_advice(plan.edits)
    exit_if_unable(plan.edits)
