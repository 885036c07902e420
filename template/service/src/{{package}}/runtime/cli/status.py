"""`status`: what is known of one task."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from . import LoadApp
from ._completion import task_names
from .send import find, keywords_in

if TYPE_CHECKING:  # completion needs no Celery
    from ..dead_letters import DeadLetter
    from ..service import ServiceApp
    from ..status import TaskStatus
    from ..task import ServiceTask

__all__ = ["command"]


@click.command("status")
@click.argument("task_id", metavar="ID")
@click.argument("task", default="", shell_complete=task_names)
@click.argument("arguments", default="")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(load_app: LoadApp, task_id: str, task: str, arguments: str, as_json: bool) -> None:
    """Tell the state of the task ID. It is waiting, running, deferred, done or dead; exit 1 if nothing is known of it.

    What the service keeps tells it, or else the workers that have its message. Without TASK all tasks are searched. One
    with `key` in its options needs ARGUMENTS, the JSON object of its keyword arguments, unless its id was the
    Idempotency-Key of a request, or a worker has it.
    """
    from ..names import short
    from ..task import service_tasks

    app = load_app()
    tasks = [find(app, task)] if task else service_tasks(app)
    given = tasks[0].typed.read(keywords_in(arguments)) if arguments else None
    found = {each.name: _told(each, task_id, given) for each in tasks}
    for letter in _letters(app, task_id):
        name = getattr(app.tasks.get(letter.task), "name", letter.task)  # it may have died under a former one
        if name in found or not task:
            dead = {"id": task_id, "task": name, "state": "dead", "reason": letter.reason}
            found[name] = found[name] if found.get(name, dead)["state"] == "done" else dead
    rows = [row for row in found.values() if row["state"] != "unknown"]
    rows = rows or [row for row in _at_workers(app, task_id) if not task or row["task"] in found]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    for row in [] if as_json else rows:
        from ..dead_letters.display import one_line

        click.echo(f"{row['state']:<8}  {row['task'] or '-'}  {one_line(row['reason'])}".rstrip())
    if not rows:
        keyed = [short(each.own_name) for each in tasks if each.key and given is None]
        hint = f"; give TASK and ARGUMENTS for {', '.join(keyed)}, whose arguments are the key" if keyed else ""
        click.echo(f"unknown: never published, forgotten, or in the broker and not begun{hint}", err=True)
    sys.exit(not rows)


def _told(task: "ServiceTask", task_id: str, arguments: dict[str, Any] | None) -> dict[str, str]:
    from ..status import task_status

    status: TaskStatus = task_status(task, task_id, arguments)
    return {"id": task_id, "task": status.task, "state": status.state, "reason": ""}


def _at_workers(app: "ServiceApp", task_id: str) -> list[dict[str, str]]:
    """What the workers say of its message, within a second; none where no broker answers, which `_letters` has said."""
    states = {"active": "running", "reserved": "waiting"}
    try:
        answers = app.control.inspect(timeout=1).query_task(task_id) or {}
    except app.service.broker.errors:
        return []
    return [
        {"id": task_id, "task": told["name"], "state": states[state], "reason": f"at {worker}"}
        for worker, known in answers.items()
        for state, told in known.values()
        if state in states
    ]


def _letters(app: "ServiceApp", task_id: str) -> "list[DeadLetter]":
    """Its dead letters, those of the broker's own making too; none where the broker does not answer, which is said."""
    from ..dead_letters import DeadLetterFilter, letters
    from ..settings import settings

    settings().require("broker_url")
    try:
        return letters(DeadLetterFilter(frozenset([task_id])))
    except app.service.broker.errors as error:
        click.echo(f"the dead letters were not read: {error!r}", err=True)
        return []
