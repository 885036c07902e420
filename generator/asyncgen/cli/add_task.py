"""`asyncgen add-task`: a task and its test, in a service."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .completion import choice, queue_names
from .edits import as_rows, exit_if_unable, say_advice
from .opening import open_service
from .options import Data, Defaults, DryRun, Json, TemplateOption, pairs
from .output import interactive, say, say_json
from .task_summary import as_data, summary

if TYPE_CHECKING:
    from ..edits import Edit
    from ..tasks import Answers

__all__ = ["add_task"]


def add_task(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="The task: send_invoice, SendInvoice or send-invoice.", show_default=False),
    ] = None,
    idempotency: Annotated[
        str | None,
        choice("transactional|lease|at-most-once|natural", "What a crash may do to the work."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="The arguments that make two calls the same work.", metavar="ARG[,ARG]"),
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option(help="A typed argument; repeatable; none for no arguments.", metavar="NAME:TYPE"),
    ] = None,
    retry_on: Annotated[
        list[str] | None,
        typer.Option(help="An error that passes by itself; repeatable.", metavar="MODULE.EXCEPTION"),
    ] = None,
    max_retries: Annotated[int | None, typer.Option(help="How often it is retried; 0 for never.", metavar="N")] = None,
    expected: Annotated[
        int | None,
        typer.Option(help="How long a run takes as a rule; the limits are 2 and 3 times that.", metavar="SECONDS"),
    ] = None,
    bound: Annotated[str | None, choice("io|cpu", "What a run spends its time on; decides the pool.")] = None,
    rate_limit: Annotated[
        str | None, typer.Option(help="The most runs that one worker starts, such as 10/m.", metavar="N/s|m|h")
    ] = None,
    breaker: Annotated[
        str | None,
        typer.Option(help="A circuit that all workers share, for a dependency that is often down.", metavar="NAME"),
    ] = None,
    queue: Annotated[
        str | None, typer.Option(help="A member of Queue; the limits have to fit it.", autocompletion=queue_names)
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="Run it on a schedule, UTC: five crontab fields, or 30s.", metavar="CRONTAB|30s")
    ] = None,
    keep_result: Annotated[str | None, typer.Option(help="Why the return value has to be kept.", metavar="WHY")] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE|-", help="Many tasks at once, all or none: YAML or JSON, - for stdin."),
    ] = None,
    data: Data = None,
    defaults: Defaults = False,
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Add a task to a service.

    The service is the one that holds the current folder. Makes src/<package>/tasks/NAME.py and
    tests/tasks/test_NAME.py, and adds a line to src/<package>/tasks/__init__.pyi, by which type checkers know
    `from <package>.tasks import NAME`; it edits nothing else. In a terminal, the four questions are asked: Idempotency,
    Payload, Failure, Resources. Elsewhere, what no flag answers takes a safe default.

    With --from the tasks stand in a file, each under its name with these options:
    send_invoice: {arg: [invoice_id:int], key: [invoice_id]}
    """
    from ..tasks import TaskOptions
    from ..tasks.options import QUESTIONS, options_from, parse_tasks

    flags: dict[str, object] = {
        "queue": queue,
        "arg": arg,
        "idempotency": idempotency,
        "key": key,
        "retry_on": retry_on,
        "max_retries": max_retries,
        "expected": expected,
        "keep_result": keep_result,
        "every": every,
        "rate_limit": rate_limit,
        "bound": bound,
        "breaker": breaker,
    }
    values = pairs(data, QUESTIONS) | {flag: value for flag, value in flags.items() if value is not None}
    options = options_from(values)

    from ..errors import BadInput
    from ..names import task_name
    from ..plan import apply
    from ..tasks import decide, decide_all
    from ..tasks.adding import plan_tasks
    from .where_to_write import where_to_write

    if (name is None) == (source is None):
        got = "neither" if name is None else "both"
        raise BadInput(f"expected NAME, or --from FILE with many tasks, got: {got}; see asyncgen add-task --help")
    if source is not None and options != TaskOptions():
        raise BadInput(f"expected the options of the tasks to stand in {source}, got: {', '.join(values)} as well")
    service = open_service(writes=not dry_run)
    if name is None:
        tasks = decide_all(
            parse_tasks(_read(source or ""), "standard input" if source == "-" else source or ""), service
        )
    else:
        task = task_name(name, service.module_names)
        if interactive() and not (defaults or json):
            from .four_questions import ask

            options = ask(task, options, service)
        tasks = [(task, decide(task, options, service))]
    changes, stub, edits = plan_tasks(tasks, service, template)
    paths = [change.path for change in changes]
    apply(service.root, [*changes, *stub], dry_run=dry_run)
    if json:
        _say_json(tasks, paths, edits, dry_run=dry_run, many=name is None)
        exit_if_unable(edits)
        return
    shown = [f"  {path}" for path in paths] + [
        f"  {change.path}: {'its line' if name else 'their lines'}" for change in stub
    ]
    verb = "Would add" if dry_run else "Added"
    if name is None:
        say(f"{verb} {len(tasks)} {'task' if len(tasks) == 1 else 'tasks'}:", *shown)
        hint = "Next: write work in each of them; asyncgen tasks lists what is still to be written."
    else:
        say(f"{verb} {tasks[0][0]}:", *shown, "", *summary(tasks[0][1]))
        hint = "Next: write the work, and what its test asserts; then run make test."
    if not dry_run:
        say("", hint, *([] if name is None else ["", *where_to_write(tasks[0][0], changes)]))
    say_advice(edits)
    exit_if_unable(edits)


def _read(source: str) -> str:
    """The text of a file, or of standard input for `-`."""
    from ..errors import BadInput
    from ..reading import read_file

    try:
        return (sys.stdin.buffer.read() if source == "-" else read_file(Path(source))).decode()
    except (OSError, ValueError) as error:
        reason = "no UTF-8 text" if isinstance(error, UnicodeError) else getattr(error, "strerror", None) or error
        raise BadInput(f"expected {source} to be a file of tasks, got: {reason}; name another with --from") from error


def _say_json(
    tasks: "list[tuple[str, Answers]]", paths: list[str], edits: "list[Edit]", *, dry_run: bool, many: bool
) -> None:
    each = len(paths) // len(tasks)
    rows = [
        {"task": task, "files": paths[number * each : (number + 1) * each], "answers": as_data(answers)}
        for number, (task, answers) in enumerate(tasks)
    ]
    rest = {"edits": as_rows(edits), "dry_run": dry_run}
    say_json({"tasks": rows, **rest} if many else {**rows[0], **rest})
