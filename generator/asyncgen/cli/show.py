"""`asyncgen show`: all that is known of one thing in a service."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .completion import task_names
from .options import Json
from .output import one_line, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..service import QueueClass, Service
    from ..tasks.details import Details
    from ..tasks.retries import Wait

__all__ = ["show"]

_SHOWN_OTHERWISE = {
    *("base", "bind", "work_queue", "idempotency", "key", "autoretry_for", "max_retries", "soft_time_limit"),
    *("time_limit", "rate_limit", "breaker", "every", "keep_result", "aliases", "name"),
}
_LETTERS, _SHOWN_LETTERS = 1000, 5
"""Dead letters that are asked for, oldest first, and those of them that are shown as text."""

show = typer.Typer(help="All that is known of one thing in a service.", rich_markup_mode=None)


@show.callback()
def _show() -> None:
    pass


@show.command("task")
def _task(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The task, as in add-task.", autocompletion=task_names)],
    dead_letters: Annotated[
        bool,
        typer.Option(
            "--dead-letters",
            help="Ask the broker for them, by the service's own command in .venv: it runs the project's code.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Print all that is known of a task.

    That is its options, limits, key, retries in seconds, queue, schedule and tests. The files are read, and nothing is
    imported. --dead-letters alone runs the service, where its variable BROKER_URL is set.
    """
    from ..service import find_service
    from ..tasks.details import details_of
    from ..workflows.listing import uses

    service = find_service(Path.cwd())
    task = details_of(name, service)
    workflows = uses(service).get(task.listed.name, [])
    letters = _dead_letters(task, service) if dead_letters else None
    if json:
        say_json(_as_data(task, workflows, letters))
    else:
        say(*_lines(task, workflows, letters))


def _dead_letters(task: "Details", service: "Service") -> list[dict[str, Any]]:
    from ..environment import UntrustedError, own_environment
    from ..errors import Refused
    from ..update.programs import service_answer

    variable = f"{service.package.upper()}_BROKER_URL"
    if not os.environ.get(variable):
        raise Refused(f"expected {variable} to name the broker of the dead letters, got: nothing; set it")
    try:
        environment = own_environment(service.root)
    except UntrustedError as reason:
        raise Refused(f"expected an environment that may be run, got: {reason}") from reason
    python = environment.program("python") if environment else None
    if python is None:
        raise Refused("expected the service's environment in .venv, got: none; run make test first")
    words = ["dead", "list", "--task", task.names[-1] or task.listed.name, "--limit", str(_LETTERS)]
    letters = service_answer(python, service.root, service.package, words)
    if not isinstance(letters, list):
        got = letters.get("error") if isinstance(letters, dict) else letters
        raise Refused(f"expected the service to list its dead letters, got: {got}")
    return letters


def _as_data(task: "Details", workflows: list[str], letters: list[dict[str, Any]] | None) -> dict[str, Any]:
    from dataclasses import asdict

    from .tasks import as_row

    retries = task.retries
    return {
        **as_row(task.listed),
        "full_name": task.names[-1] or None,
        "message_name": task.names[0] or None,
        "aliases": list(task.names[:-1]),
        "options": dict(task.options),
        "inherited_options": dict(task.inherited),
        "queue_class": asdict(task.queue) if task.queue else None,
        "retries": None if retries.unknown else [asdict(wait) for wait in retries.waits],
        "retries_unknown": retries.unknown or None,
        "dead_letter_after": None if retries.unknown else {"waits": list(retries.waiting), "at_most": task.longest},
        "workflows": workflows,
        "tests": list(task.tests),
        "dead_letters": letters,
    }


def _lines(task: "Details", workflows: list[str], letters: list[dict[str, Any]] | None) -> "Iterator[str]":
    listed = task.listed
    yield f"{listed.name}  {listed.file}:{listed.line}{'' if listed.written else ', not written yet'}"
    yield ""
    for label, values in _facts(task, workflows, letters):
        for place, value in enumerate(values):
            yield f"{'' if place else label:<13}{one_line(value)}"
    yield ""
    yield from _retries(task)


def _facts(
    task: "Details", workflows: list[str], letters: list[dict[str, Any]] | None
) -> "Iterator[tuple[str, list[str]]]":
    listed = task.listed
    key = ", ".join(listed.key) or "the task's id"
    moment = listed.next_run()
    rest = [f"{name}={value}" for name, value in task.options.items() if name not in _SHOWN_OTHERWISE]
    limits = f"limits of {listed.soft_time_limit or '?'} s and {listed.time_limit or '?'} s"
    errors = f" on {', '.join(listed.retry_on)}" if listed.retry_on else ""
    retried = f"retried{errors}; " if task.retries.waits or task.retries.unknown else ""
    yield "Message", [task.names[0] or task.options.get("name", "")]
    yield "Aliases", list(task.names[:-1])
    yield (
        "Idempotency",
        [f"{listed.idempotency or '?'}" + ("" if listed.idempotency == "natural" else f", its key: {key}")],
    )
    yield "Payload", [", ".join(f"{name}: {kind}" if kind else name for name, kind in listed.arguments) or "none"]
    yield "Failure", [f"{retried}{'any other' if retried else 'an'} error is a dead letter at once"]
    yield "Resources", [f"{limits}{f', at most {listed.rate_limit} on each worker' if listed.rate_limit else ''}"]
    yield "Circuit", [listed.breaker] if listed.breaker else []
    yield (
        "Queue",
        [_queue(task.queue) if task.queue else f"{task.options.get('work_queue', '?')}, not in the queue table"],
    )
    next_run = f"next at {moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "never"
    yield "Schedule", [f"{listed.every}, {next_run}"] if listed.every else []
    yield "Result", [f"kept: {listed.keep_result}"] if listed.keep_result else []
    yield "Options", rest
    yield "Workflows", workflows
    yield "Tests", _by_file(task.tests) or ["none names it"]
    if letters is not None:
        yield "Dead letters", [_count(letters), *map(_letter, letters[:_SHOWN_LETTERS])]


def _by_file(tests: "tuple[str, ...]") -> list[str]:
    from itertools import groupby

    files = [(file, len([*ids])) for file, ids in groupby(tests, key=lambda each: each.partition("::")[0])]
    return [f"{file}: {count}" for file, count in files]


def _queue(queue: "QueueClass") -> str:
    workers = queue.concurrency or "one for each core"
    return f"{queue.name}: runs of up to {queue.max_runtime} s; {queue.pool}, {workers}; prefetch {queue.prefetch}"


def _count(letters: list[dict[str, Any]]) -> str:
    more = f", of which the oldest {_SHOWN_LETTERS}" if len(letters) > _SHOWN_LETTERS else ""
    return f"{'at least ' if len(letters) == _LETTERS else ''}{len(letters)}{more}"


def _letter(letter: dict[str, Any]) -> str:
    return f"{letter.get('last') or '-'}  {letter.get('id')}  {letter.get('reason')}"


def _retries(task: "Details") -> "Iterator[str]":
    """The waits as a table, those that are alike in one row, and when it is a dead letter."""
    from .tasks import table

    retries = task.retries
    if retries.unknown:
        yield f"When it is retried cannot be told: {retries.unknown}"
        return
    if retries.waits:
        yield from table([("retry", "wait", "waited in all"), *_rows(retries.waits)])
    runs = len(retries.waits) + 1
    limit = f" of at most {task.listed.time_limit} s" if task.listed.time_limit else ""
    total = f": {task.longest:g} s at most, without the time in queues" if task.longest else ""
    shown = f"{runs} run{'s' if runs != 1 else ''}{limit} and {_seconds(*retries.waiting)} of waiting"
    yield f"A dead letter after {shown}{total}"


def _rows(waits: "tuple[Wait, ...]") -> "Iterator[tuple[str, ...]]":
    from itertools import groupby

    shortest = longest = 0.0
    for (low, high), alike in groupby(waits, key=lambda wait: (wait.shortest, wait.longest)):
        numbers = [wait.retry for wait in alike]
        shortest, longest = shortest + low * len(numbers), longest + high * len(numbers)
        place = f"{numbers[0]}-{numbers[-1]}" if numbers[1:] else str(numbers[0])
        yield place, _seconds(low, high), _seconds(shortest, longest)


def _seconds(shortest: float, longest: float) -> str:
    return f"{longest:g} s" if shortest == longest else f"{shortest:g}-{longest:g} s"
