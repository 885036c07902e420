"""`send`: publish one task. JSON has no dates or UUIDs: the task's annotations say how to read them."""

import json
from typing import TYPE_CHECKING, Any

import click

from ..errors import PayloadError
from . import LoadApp
from ._completion import task_names

if TYPE_CHECKING:  # completion needs no Celery
    from celery import Celery

    from ..task import ServiceTask

__all__ = ["called", "command", "find", "keywords_in", "send"]


@click.command("send")
@click.argument("task", shell_complete=task_names)
@click.argument("arguments", default="{}")
@click.option("--id", "task_id", help="The task's id; without --key in its options, also its idempotency key.")
@click.pass_obj
def command(load_app: LoadApp, task: str, arguments: str, task_id: str | None) -> None:
    """Publish TASK with ARGUMENTS, and print its id. ARGUMENTS is a JSON object of its keyword arguments."""
    keywords = keywords_in(arguments)
    click.echo(send(load_app(), task, keywords, task_id=task_id))


def keywords_in(arguments: str) -> dict[str, Any]:
    """The keyword arguments in a JSON object. Raises click.UsageError."""
    try:
        keywords = json.loads(arguments)
    except (json.JSONDecodeError, RecursionError) as invalid:
        raise click.UsageError(
            f"expected ARGUMENTS to be a JSON object, got: {arguments[:500]!r} ({invalid})"
        ) from invalid
    if not isinstance(keywords, dict):
        raise click.UsageError(f'expected ARGUMENTS to be a JSON object like {{"user_id": 1}}, got: {arguments}')
    return keywords


def send(app: "Celery", name: str, keywords: dict[str, Any], task_id: str | None = None) -> str:
    """Publish the task called `name`, short or in full, and return its id."""
    task = find(app, name)
    published: str = task.apply_async(kwargs=task.typed.read(keywords), task_id=task_id).id
    return published


def find(app: "Celery", name: str) -> "ServiceTask":
    """The task of that name: `send_invoice`, or the full name; a former one, too."""
    from ..names import short
    from ..task import service_tasks

    found = called(app, name)
    if len(found) != 1:
        known = ", ".join(short(task.own_name) for task in service_tasks(app))
        raise PayloadError(
            f"expected the name of one task ({known or 'there is none yet'}), got: {name}; correct the name"
        )
    return found[0]


def called(app: "Celery", name: str) -> "list[ServiceTask]":
    """The tasks that have the name, short or in full; if there are none, those that had it."""
    from ..names import is_called
    from ..task import service_tasks

    tasks = service_tasks(app)
    own = [task for task in tasks if is_called(name, (task.own_name,))]
    return own or [task for task in tasks if is_called(name, task.aliases)]
