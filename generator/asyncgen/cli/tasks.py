"""`asyncgen tasks`: what the tasks of a service promise, as a table, as JSON or as a diagram."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Json
from .output import interactive, name_strays, say, say_json

if TYPE_CHECKING:
    from ..tasks.listing import Listed

__all__ = ["as_row", "fitted", "table", "tasks"]

_HEAD = ("task", "queue", "limits", "retries", "idempotency", "key", "schedule", "next run (UTC)", "file", "written")
_SPARED = ("file", "next run (UTC)", "retries")
"""Columns that a narrow terminal does without, in this order."""


def tasks(
    json: Json = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print the topology as a Mermaid diagram.")] = False,
) -> None:
    """List the tasks of a service. With queue, limits, retries, idempotency, key, schedule and file.

    The files are read, and nothing is imported. A task is unwritten while its work is as add-task made it;
    asyncgen check --select unwritten-work fails on those. A terminal that is too narrow for the table gets it without
    file, next run and retries; --json has all.
    """
    from ..errors import BadInput
    from ..service import find_service
    from ..tasks.listing import list_tasks

    if json and mermaid:
        raise BadInput("expected --json or --mermaid, got: both; leave one out")
    service = find_service(Path.cwd())
    name_strays(service)
    found = list_tasks(service)
    if mermaid:
        from ..tasks.topology import topology
        from ..workflows.listing import list_workflows

        scheduler = service.answers.get("scheduler") is True
        say(
            topology(service.queues(), scheduler=scheduler, tasks=found, workflows=list_workflows(service)).rstrip("\n")
        )
    elif json:
        say_json([as_row(task) for task in found])
    elif found:
        width = shutil.get_terminal_size().columns if interactive() else sys.maxsize
        say(*table(fitted([_HEAD, *(_row(task) for task in found)], width)))
    else:
        say("No tasks yet: asyncgen add-task NAME adds one.")


def as_row(task: "Listed") -> dict[str, Any]:
    """A task for `--json`."""
    moment = task.next_run()
    return {
        "task": task.name,
        "queue": task.queue,
        "arguments": [f"{name}:{kind}" for name, kind in task.arguments],
        "soft_time_limit": task.soft_time_limit,
        "time_limit": task.time_limit,
        "max_retries": task.max_retries,
        "retry_on": list(task.retry_on),
        "rate_limit": task.rate_limit,
        "breaker": task.breaker,
        "idempotency": task.idempotency,
        "key": list(task.key),
        "every": task.every,
        "next_run": moment.isoformat() if moment else None,
        "keep_result": task.keep_result,
        "file": task.file,
        "line": task.line,
        "written": task.written,
    }


def _row(task: "Listed") -> tuple[str, ...]:
    moment = task.next_run()
    key = ",".join(task.key) or ("-" if task.idempotency == "natural" else "id")
    limits = f"{task.soft_time_limit or '?'}/{task.time_limit or '?'} s"
    return (
        task.name,
        task.queue or "?",
        f"{limits}, {task.rate_limit}" if task.rate_limit else limits,
        "?" if task.max_retries is None else str(task.max_retries),
        task.idempotency or "?",
        key,
        task.every or "-",
        f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "-",
        f"{task.file}:{task.line}",
        "yes" if task.written else "no",
    )


def fitted(rows: list[tuple[str, ...]], width: int) -> list[tuple[str, ...]]:
    """A table with a head, without the columns that can be spared, as far as it is wider than `width` letters."""
    for head in _SPARED:
        if max(map(len, table(rows))) > width:
            spared = rows[0].index(head)
            rows = [row[:spared] + row[spared + 1 :] for row in rows]
    return rows


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """The lines of a table, its columns as wide as they need to be."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
