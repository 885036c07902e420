"""The plans of add-queue and sync-queues: the queue's line, and what is derived from the table."""

import re

from ..changes import with_line_ends
from ..edits import Edit, edited
from ..errors import BadInput
from ..names import corrected, words
from ..plan import Change, digest
from ..service import QueueClass, Service, read_queues
from .derived import derive
from .table import with_line

__all__ = ["check_queue", "plan_queue", "plan_sync"]

_LETTERS = 20
_LONGEST = 24 * 3600
_MOST = 1000
_POOLS = ("prefork", "threads")


def check_queue(text: str, longest: int, prefetch: int = 1, concurrency: int = 0, pool: str = "prefork") -> QueueClass:
    """The queue class of that name; BadInput for a name or a number that cannot be used. Times are in seconds."""
    name = "_".join(words(text))
    invalid = re.search(r"[^A-Za-z0-9_ -]", text)
    if invalid or not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{_LETTERS - 1}}}", name):
        suggestion = corrected(text, "queue", _LETTERS)
        raise BadInput(
            f"expected the queue's name to be at most {_LETTERS} letters, digits and _ that begin with a letter, "
            f"got: {text}" + (f"; use {suggestion}" if suggestion else "")
        )
    for option, value, lowest, highest in (
        ("--longest", longest, 10, _LONGEST),
        ("--prefetch", prefetch, 1, _MOST),
        ("--concurrency", concurrency, 0, _MOST),
    ):
        if not lowest <= value <= highest:
            raise BadInput(f"expected {option} to be {lowest} to {highest}, got: {value}")
    if pool not in _POOLS:
        raise BadInput(f"expected --pool to be prefork or threads, got: {pool}")
    return QueueClass(name.upper(), longest, name, prefetch, concurrency, pool)


def plan_queue(queue: QueueClass, service: Service) -> tuple[list[Change], list[Edit]]:
    """The changes that add the queue, and the outcome for each file."""
    before = service.queue_table.read_text(encoding="utf-8") if service.queues() else ""
    after = with_line(service, queue)
    table = service.queue_table.relative_to(service.root).as_posix()
    return _plan([edited(table, before, after), *derive(service, read_queues(after))], service)


def plan_sync(service: Service) -> tuple[list[Change], list[Edit]]:
    """The changes that update what is derived from the queue table, and the outcome for each file."""
    return _plan(derive(service, service.queues()), service)


def _plan(edits: list[Edit], service: Service) -> tuple[list[Change], list[Edit]]:
    changes = []
    for edit in edits:
        if edit.outcome == "done":
            file = service.root / edit.path
            content = with_line_ends(edit.content.encode(), file.read_bytes())
            changes.append(Change("replace", edit.path, content, before=digest(file)))
    return changes, edits
