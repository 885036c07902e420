"""Lists, replays and purges dead letters.

Each call works on what was there when it began: a task that is dead-lettered again meanwhile is not handled twice.
"""

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

from celery import current_app

from ..brokers import UNDECODABLE, DeadLetterQueue
from ..errors import PublishError, ServiceError
from ..idempotency.notes import note
from ..publishing import publish_message
from ..queues import QueueClass
from ..sending import PUBLISHED
from ..service import current_service
from ..settings import settings
from ..signals import before_replay_publish, dead_letter_replayed
from .display import as_text
from .filter import DeadLetterFilter
from .message import DeadLetter, headers_for_replay, headers_of, read

__all__ = ["letters", "purge", "replay"]

EVERYTHING = DeadLetterFilter()


def letters(matching: DeadLetterFilter = EVERYTHING, limit: int | None = None) -> list[DeadLetter]:
    """The letters that match, one for each task id, oldest first; of more than `limit` the oldest."""
    found: dict[str, DeadLetter] = {}
    for queue in _queues(matching):
        for letter in islice(_letters_of(queue, matching), limit):
            found.setdefault(letter.id, letter)
    return sorted(found.values(), key=lambda letter: letter.last)[:limit]


def replay(matching: DeadLetterFilter, limit: int | None = None, dry_run: bool = False) -> Iterator[DeadLetter]:
    """Publish the original messages again with the same ids; yield each letter once that is done.

    A letter is removed after its message was published: a crash in between leaves both, and the run of one too many is
    a repeat, which the task's idempotency catches. What cannot be published stays; once all others are done it raises
    ServiceError, which names it, and PublishError as soon as the broker is away.
    """
    refused: dict[str, Exception] = {}
    yield from _handle(_publish_again, matching, limit, dry_run, refused)
    if refused:
        raise ServiceError(
            "expected each letter to hold a message that can be published again, got: "
            + "; ".join(f"{letter_id} ({type(error).__name__}: {error})" for letter_id, error in refused.items())
            + "; see `dead show`, then remove it with `dead purge`"
        )


def purge(matching: DeadLetterFilter, limit: int | None = None, dry_run: bool = False) -> Iterator[DeadLetter]:
    """Delete letters; yield each one once that is done."""
    return _handle(lambda queue, message: None, matching, limit, dry_run, {})


def _opened(queue: QueueClass) -> AbstractContextManager[DeadLetterQueue]:
    return current_service().broker.dead_letters(current_app, queue)


def _queues(matching: DeadLetterFilter) -> list[QueueClass]:
    return [queue for queue in current_service().queues if matching.queue in ("", queue.name)]


def _letters_of(queue: QueueClass, matching: DeadLetterFilter) -> Iterator[DeadLetter]:
    seen = set()
    with _opened(queue) as dead:
        for message in dead:
            letter = read(message, queue)
            if letter in matching and letter.id not in seen:
                seen.add(letter.id)
                yield letter


def _handle(
    act: Callable[[QueueClass, Any], None],
    matching: DeadLetterFilter,
    limit: int | None,
    dry_run: bool,
    refused: dict[str, Exception],
) -> Iterator[DeadLetter]:
    """Act on letters, remove and yield them; those for which `act` raises stay, and are noted in `refused`."""
    done: set[str] = set()
    for queue in _queues(matching):
        with _opened(queue) as dead:
            for message in dead:
                letter = read(message, queue)
                # A second letter of one task goes with the first: it had died, and was delivered again all the same.
                first = letter.id not in done
                if first and letter not in matching:
                    continue
                if first and len(done) == limit:
                    return
                if not dry_run:
                    try:
                        if first:
                            act(queue, message)
                    except PublishError:
                        raise
                    except Exception as error:
                        refused[letter.id] = error
                        continue
                    dead.remove(message)
                if first:
                    done.add(letter.id)
                    yield letter


def _publish_again(queue: QueueClass, message: Any) -> None:
    if UNDECODABLE in message.headers:
        raise ValueError(as_text(message.headers[UNDECODABLE]))
    letter = read(message, queue)
    noted = functools.partial(note, current_service().open_store, letter.task, letter.id)
    noted("waiting", settings().retention)  # before it: a run may end as soon as it is published
    headers = {**headers_for_replay(headers_of(message)), PUBLISHED: time.time()}
    before_replay_publish.send(queue, headers=headers)
    try:
        publish_message(
            current_app.amqp.queues[queue.wire_name],
            message.body,
            headers,
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            properties=message.properties,
        )
    except Exception:
        noted("dead", settings().retention)
        raise
    dead_letter_replayed.send(queue, headers=headers)
