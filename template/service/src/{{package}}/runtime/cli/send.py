"""`send`: publish one task. JSON has no dates or UUIDs: the task's annotations say how to read them."""

import json
import types
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args, get_origin
from uuid import UUID

import click
from celery import Celery

from ..errors import PayloadError
from ..task import ServiceTask, service_tasks
from . import LoadApp

__all__ = ["command", "find", "send"]

READERS: dict[Any, Callable[[str], Any]] = {
    UUID: UUID,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


@click.command("send")
@click.argument("task")
@click.argument("arguments", default="{}")
@click.option("--id", "task_id", help="The task's id; without --key in its options, also its idempotency key.")
@click.pass_obj
def command(load_app: LoadApp, task: str, arguments: str, task_id: str | None) -> None:
    """Publish TASK with ARGUMENTS, a JSON object of its keyword arguments, and print its id."""
    try:
        keywords = json.loads(arguments)
    except json.JSONDecodeError as invalid:
        raise click.UsageError(f"expected ARGUMENTS to be a JSON object, got: {arguments!r} ({invalid})") from invalid
    if not isinstance(keywords, dict):
        raise click.UsageError(f'expected ARGUMENTS to be a JSON object like {{"user_id": 1}}, got: {arguments}')
    click.echo(send(load_app(), task, keywords, task_id=task_id))


def send(app: Celery, name: str, keywords: dict[str, Any], task_id: str | None = None) -> str:
    """Publish the task called `name`, short or in full, and return its id."""
    task = find(app, name)
    parameters = task.arguments.parameters
    for keyword in keywords.keys() ^ {n for n, p in parameters.items() if p.default is p.empty}:
        if keyword not in parameters or keyword not in keywords:
            raise PayloadError(
                f"expected the arguments of {name} to be {', '.join(parameters) or 'none'}, "
                f"got: {', '.join(keywords) or 'none'}; correct the JSON object"
            )
    values = {keyword: _read(keyword, value, parameters[keyword].annotation) for keyword, value in keywords.items()}
    published: str = task.apply_async(kwargs=values, task_id=task_id).id
    return published


def find(app: Celery, name: str) -> ServiceTask:
    """The task of that name: `send_invoice`, or Celery's full name."""
    tasks = service_tasks(app)
    found = [task for task in tasks if name in (task.name, task.name.rsplit(".", 1)[-1])]
    if len(found) != 1:
        known = ", ".join(task.name.rsplit(".", 1)[-1] for task in tasks)
        raise PayloadError(
            f"expected the name of one task ({known or 'there is none yet'}), got: {name}; correct the name"
        )
    return found[0]


def _read(keyword: str, value: Any, annotation: Any) -> Any:
    if get_origin(annotation) is list and isinstance(value, list):
        return [_read(keyword, item, get_args(annotation)[0]) for item in value]
    if isinstance(annotation, types.UnionType):
        annotation = next((part for part in get_args(annotation) if part is not type(None)), str)
    if annotation in READERS and isinstance(value, str):
        try:
            return READERS[annotation](value)
        except (ValueError, ArithmeticError) as invalid:
            raise PayloadError(
                f"expected {keyword} to be a {annotation.__name__}, got: {value!r}; correct the JSON object"
            ) from invalid
    return value
