"""`dead`: look after dead letters."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ..queues import Queue

if TYPE_CHECKING:
    from ..dead_letters import DeadLetter, Wanted

__all__ = ["command"]

SHOWN = 1000
"""Letters that `list` holds in memory, unless `--limit` says otherwise."""

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("dead")
def command() -> None:
    """Look after dead letters: tasks that will not be tried again by themselves."""


def filters(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say which letters are meant."""
    for option in (
        AS_JSON,
        click.option("--limit", type=click.IntRange(min=1), help="The most letters, oldest first."),
        click.option("--since", default="", help="Died since: 30m, 2h or 1d ago, or a date or time in UTC."),
        click.option("--reason", default="", help="A part of the reason."),
        click.option("--task", default="", help="A task's name."),
        click.option("--queue", type=click.Choice([queue.value.name for queue in Queue]), help="A queue."),
    ):
        function = option(function)
    return function


@command.command("list")
@filters
def list_(as_json: bool, limit: int | None, **chosen: str) -> None:
    """List them, oldest first."""
    from ..dead_letters import letters

    found = letters(_wanted(chosen), limit or SHOWN)
    _print(found, as_json, "dead letters" if limit or len(found) < SHOWN else "dead letters; --limit shows more")


@command.command("show")
@click.argument("task_id", metavar="ID")
def show(task_id: str) -> None:
    """Print all that is known of the task ID, as JSON."""
    from ..dead_letters import letters

    found = letters(_wanted({}, (task_id,)), 1)
    if not found:
        raise click.UsageError(f"expected the id of a dead letter, got: {task_id}; `dead list` shows them")
    click.echo(json.dumps(asdict(found[0]), indent=2, default=str))


@command.command("replay")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Only say which.")
@filters
def replay_(
    ids: tuple[str, ...], everything: bool, dry_run: bool, as_json: bool, limit: int | None, **chosen: str
) -> None:
    """Publish them again, with the same ids, to the queues they came from."""
    from ..dead_letters import replay

    wanted = _wanted(chosen, ids, everything)
    _print(replay(wanted, limit, dry_run), as_json, "would be replayed" if dry_run else "replayed")


@command.command("purge")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Only say which.")
@filters
def purge_(
    ids: tuple[str, ...], everything: bool, dry_run: bool, as_json: bool, limit: int | None, **chosen: str
) -> None:
    """Throw them away."""
    from ..dead_letters import purge

    wanted = _wanted(chosen, ids, everything)
    _print(purge(wanted, limit, dry_run), as_json, "would be purged" if dry_run else "purged")


def _wanted(chosen: dict[str, str], ids: tuple[str, ...] = (), everything: bool = True) -> "Wanted":
    from .. import app as _app  # noqa: F401  # sets the current Celery application
    from ..dead_letters import Wanted
    from ..dead_letters.wanted import moment
    from ..settings import settings

    settings().require("broker_url")
    if not (ids or everything or any(chosen.values())):
        raise click.UsageError("expected ids, an option that chooses, or --all, got: nothing; `dead list` shows them")
    since = chosen.pop("since", "")
    named = {name: value for name, value in chosen.items() if value}
    return Wanted(frozenset(ids), since=moment(since) if since else None, **named)


def _print(letters: "Iterable[DeadLetter]", as_json: bool, what: str) -> None:
    number = 0
    for letter in letters:
        number += 1
        if as_json:
            click.echo(("," if number > 1 else "[") + json.dumps(asdict(letter), default=str))
        else:
            click.echo(f"{letter.last}  {letter.id}  {letter.task or '-'}  {letter.reason}")
    if as_json:
        click.echo("]" if number else "[]")
    click.echo(f"{number} {what}", err=True)
