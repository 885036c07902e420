"""Look through the dead letters, bring some back to life, throw some away.

Each call works on what was there when it began: a letter that dies again meanwhile is not handled twice.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from celery import current_app

from ..publishing import publish_message
from ..queue_class import QueueClass
from ..queues import Queue
from .box import opened
from .letter import DeadLetter, headers_of, read, revived
from .wanted import Wanted

__all__ = ["letters", "purge", "replay"]

EVERYTHING = Wanted()


def letters(wanted: Wanted = EVERYTHING, limit: int | None = None) -> list[DeadLetter]:
    """The letters that are `wanted`, one for each task id, oldest first; of more than `limit` the oldest."""
    found: dict[str, DeadLetter] = {}
    for queue in _queues(wanted):
        for letter in islice(_letters_of(queue, wanted), limit):
            found.setdefault(letter.id, letter)
    return sorted(found.values(), key=lambda letter: letter.last)[:limit]


def replay(wanted: Wanted, limit: int | None = None, dry_run: bool = False) -> Iterator[DeadLetter]:
    """Publish the original messages again with the same ids; yield each letter once that is done.

    A letter is removed after its message was published: a crash in between leaves both, and the run of one too many is
    a repeat, which the task's idempotency catches.
    """
    return _handle(_publish_again, wanted, limit, dry_run)


def purge(wanted: Wanted, limit: int | None = None, dry_run: bool = False) -> Iterator[DeadLetter]:
    """Throw letters away; yield each one once that is done."""
    return _handle(lambda queue, message: None, wanted, limit, dry_run)


def _queues(wanted: Wanted) -> list[QueueClass]:
    return [queue.value for queue in Queue if wanted.queue in ("", queue.value.name)]


def _letters_of(queue: QueueClass, wanted: Wanted) -> Iterator[DeadLetter]:
    seen = set()
    with opened(queue) as box:
        for message in box:
            letter = read(message, queue)
            if letter in wanted and letter.id not in seen:
                seen.add(letter.id)
                yield letter


def _handle(
    act: Callable[[QueueClass, Any], None], wanted: Wanted, limit: int | None, dry_run: bool
) -> Iterator[DeadLetter]:
    done: set[str] = set()
    for queue in _queues(wanted):
        with opened(queue) as box:
            for message in box:
                letter = read(message, queue)
                # A second letter of one task goes with the first: it had died, and was delivered again all the same.
                first = letter.id not in done
                if first and letter not in wanted:
                    continue
                if first and len(done) == limit:
                    return
                if not dry_run:
                    if first:
                        act(queue, message)
                    box.remove(message)
                if first:
                    done.add(letter.id)
                    yield letter


def _publish_again(queue: QueueClass, message: Any) -> None:
    publish_message(
        current_app.amqp.queues[queue.wire_name],
        message.body,
        revived(headers_of(message)),
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        properties=message.properties,
    )
