"""`dead`: look after dead letters."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ..errors import ServiceError
from . import LoadApp
from ._answered import answered
from ._completion import queue_names, task_names

if TYPE_CHECKING:
    from ..dead_letters import DeadLetter, DeadLetterFilter

__all__ = ["command", "line_of"]

SHOWN = 1000
"""Letters that `list` holds in memory, unless `--limit` says otherwise."""

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("dead")
def command() -> None:
    """List, show, replay and purge dead letters. These tasks are not tried again by themselves."""


def filters(function: Callable[..., None]) -> Callable[..., None]:
    """The options that select dead letters."""
    for option in (
        AS_JSON,
        click.option("--limit", type=click.IntRange(min=1, max=sys.maxsize), help="The most letters, oldest first."),
        click.option("--since", default="", help="Died since: 30m, 2h or 1d ago, or a date or time in UTC."),
        click.option("--reason", default="", help="A part of the reason."),
        click.option("--task", default="", shell_complete=task_names, help="A task's name."),
        click.option("--queue", default="", shell_complete=queue_names, help="A queue."),
    ):
        function = option(function)
    return function


def selection(function: Callable[..., None]) -> Callable[..., None]:
    """The filters, and what a command that changes something takes besides."""
    function = filters(function)
    for option in (
        click.option("--dry-run", is_flag=True, help="Only print which."),
        click.option("--all", "everything", is_flag=True, help="All of them."),
        click.argument("ids", nargs=-1, metavar="[ID]..."),
    ):
        function = option(function)
    return function


@command.command("list")
@filters
@click.pass_obj
def list_(load_app: LoadApp, /, as_json: bool, limit: int | None, **chosen: str) -> None:
    """List them, oldest first."""
    from ..dead_letters import letters

    with answered(load_app):
        found = letters(_filter(load_app, chosen), limit or SHOWN)
    _print(found, as_json)
    more = "" if limit or len(found) < SHOWN else "; --limit shows more"
    click.echo(f"{len(found)} dead letter{'' if len(found) == 1 else 's'}{more}", err=True)


@command.command("show")
@click.argument("task_id", metavar="ID")
@click.option("--traceback", is_flag=True, help="Print only the traceback, as text.")
@click.pass_obj
def show(load_app: LoadApp, task_id: str, traceback: bool) -> None:
    """Print all that is known of the task ID, as JSON."""
    from ..dead_letters import letters

    with answered(load_app):
        found = letters(_filter(load_app, {}, (task_id,)), 1)
    if not found:
        raise click.UsageError(f"expected the id of a dead letter, got: {task_id}; `dead list` shows them")
    click.echo(found[0].traceback.rstrip() if traceback else json.dumps(asdict(found[0]), indent=2, default=str))


@command.command("replay")
@selection
@click.pass_obj
def replay_(load_app: LoadApp, /, **options: Any) -> None:
    """Publish them again with their ids, to the queues they came from."""
    from ..dead_letters import replay

    _act(replay, "replayed", load_app, **options)


@command.command("purge")
@selection
@click.pass_obj
def purge_(load_app: LoadApp, /, **options: Any) -> None:
    """Delete them."""
    from ..dead_letters import purge

    _act(purge, "purged", load_app, **options)


def _act(
    action: "Callable[[DeadLetterFilter, int | None, bool], Iterable[DeadLetter]]",
    past: str,
    load_app: LoadApp,
    *,
    ids: tuple[str, ...],
    everything: bool,
    dry_run: bool,
    as_json: bool,
    limit: int | None,
    **chosen: str,
) -> None:
    which = "ids of dead letters" + (" that the options choose" if any(chosen.values()) else "")
    matching = _filter(load_app, chosen, ids, everything)
    with answered(load_app):
        done = _print(action(matching, limit, dry_run), as_json)
    if done or not ids:
        click.echo(f"{len(done)} {f'would be {past}' if dry_run else past}", err=True)
    if (unknown := sorted(set(ids) - done)) and len(done) != limit:
        raise ServiceError(f"expected {which}, got: {', '.join(unknown)}; `dead list` shows them")


def _filter(
    load_app: LoadApp, chosen: dict[str, str], ids: tuple[str, ...] = (), everything: bool = True
) -> "DeadLetterFilter":
    from ..dead_letters.filter import DeadLetterFilter, parse_time
    from ..settings import settings
    from .send import called

    app = load_app()
    known = [queue.name for queue in app.service.queues]
    settings().require("broker_url")
    if chosen.get("queue") and chosen["queue"] not in known:
        raise click.BadParameter(f"expected one of {', '.join(known)}, got: {chosen['queue']}", param_hint="--queue")
    if not (ids or everything or any(chosen.values())):
        raise click.UsageError("expected ids, an option that chooses, or --all, got: nothing; `dead list` shows them")
    since, task = chosen.pop("since", ""), chosen.pop("task", "")
    named = {name: value for name, value in chosen.items() if value}
    names = {task, *(name for each in called(app, task) for name in each.names)} if task else ()
    return DeadLetterFilter(frozenset(ids), frozenset(names), since=parse_time(since) if since else None, **named)


def _print(letters: "Iterable[DeadLetter]", as_json: bool) -> set[str]:
    """Print letters as they come; their ids. JSON is complete even if what comes breaks off."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    ids: set[str] = set()
    try:
        for letter in letters:
            if as_json:
                click.echo(("," if ids else "[") + json.dumps(asdict(letter), default=str))
            else:
                click.echo(line_of(letter, width))
            ids.add(letter.id)
    finally:
        if as_json:
            click.echo("]" if ids else "[]")
    return ids


def line_of(letter: "DeadLetter", width: int | None) -> str:
    """A letter in one line: for a program all of it, in a terminal of `width` columns what fits, and the id whole."""
    from ..dead_letters.display import one_line
    from ..names import short

    reason = one_line(letter.reason)
    if width is None:
        return f"{letter.last or '-'}  {letter.id}  {letter.task or '-'}  {reason}"
    line = f"{letter.id}  {short(letter.task) or '-'}  {letter.last[5:16].replace('T', ' ') or '-'}  {reason}"
    return line if len(line) <= width else f"{line[: max(len(letter.id), width - 3)]}..."
