"""`asyncgen add-queue` and `asyncgen sync-queues`: a line in the queue table, and what is derived from the table."""

from typing import TYPE_CHECKING, Annotated

import typer

from .completion import choice
from .edits import as_rows, exit_if_unable, say_advice
from .opening import open_service
from .options import DryRun, Json
from .output import say, say_json

if TYPE_CHECKING:
    from ..edits import Edit
    from ..plan import Change
    from ..service import Service

__all__ = ["add_queue", "sync_queues"]

_WORDS = {"done": "changed", "already": "fits already", "unable": "to be done by hand"}


def add_queue(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The queue: reports, within_5m.")],
    longest: Annotated[int, typer.Option("--longest", metavar="SECONDS", help="The longest run that it admits.")],
    concurrency: Annotated[
        int, typer.Option(metavar="N", help="Processes or threads of one worker; 0: one for each core.")
    ] = 0,
    prefetch: Annotated[
        int, typer.Option(metavar="N", help="Messages taken ahead for each; above 1 only for runs of milliseconds.")
    ] = 1,
    pool: Annotated[
        str, choice("prefork|threads", "threads only for work that waits: they know no time limits.")
    ] = "prefork",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Add a queue to a service. It is a class of work with workers of its own.

    Adds a line to src/<package>/queues.py and updates what is derived from that table: compose.yaml, the manifests in
    kubernetes/workers.yaml, README.md and on RabbitMQ its consumer timeout. What cannot be edited is reported, and the
    exit code is 1. Until it is done by hand, the service's own tests fail.
    """
    from ..queues import check_queue, plan_queue

    queue = check_queue(name, longest, prefetch, concurrency, pool)
    service = open_service(writes=not dry_run)
    changes, edits = plan_queue(queue, service)
    _apply_edits(service, changes, edits, f"queue {queue.member}", dry_run=dry_run, json=json)


def sync_queues(dry_run: DryRun = False, json: Json = False) -> None:
    """Update what is derived from the queue table. Run it after an edit of src/<package>/queues.py.

    That is compose.yaml, kubernetes/workers.yaml, README.md and on RabbitMQ its consumer timeout. Exit code 1:
    something is left to do by hand.
    """
    from ..queues import plan_sync

    service = open_service(writes=not dry_run)
    changes, edits = plan_sync(service)
    _apply_edits(service, changes, edits, "what is derived from the queue table", dry_run=dry_run, json=json)


def _apply_edits(
    service: "Service", changes: "list[Change]", edits: "list[Edit]", what: str, *, dry_run: bool, json: bool
) -> None:
    from ..plan import apply

    if changes:
        apply(service.root, changes, dry_run=dry_run)
    if json:
        say_json({"files": as_rows(edits), "dry_run": dry_run})
    else:
        say(f"{'Would write' if dry_run else 'Wrote'} {what}:" if changes else f"Nothing to do for {what}:")
        say(*(f"  {edit.path}: {_WORDS[edit.outcome]}" for edit in edits))
        say_advice(edits)
        if any("rabbitmq.conf" in change.path for change in changes):
            say("", "The servers need the same: give each RabbitMQ the new rabbitmq.conf before the workers start.")
    exit_if_unable(edits)
