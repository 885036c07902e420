"""`send`: publish one task."""

import json

import click

__all__ = ["command"]


@click.command("send")
@click.argument("task")
@click.argument("arguments", default="{}")
@click.option("--id", "task_id", help="The task's id; without --key in its options, also its idempotency key.")
def command(task: str, arguments: str, task_id: str | None) -> None:
    """Publish TASK with ARGUMENTS, a JSON object of its keyword arguments, and print its id."""
    from ..send import send

    try:
        keywords = json.loads(arguments)
    except json.JSONDecodeError as invalid:
        raise click.UsageError(f"expected ARGUMENTS to be a JSON object, got: {arguments!r} ({invalid})") from invalid
    if not isinstance(keywords, dict):
        raise click.UsageError(f'expected ARGUMENTS to be a JSON object like {{"user_id": 1}}, got: {arguments}')
    click.echo(send(task, keywords, task_id=task_id))
