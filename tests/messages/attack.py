"""Publishes raw messages to a worker on a private broker, and says how each of them has ended."""

import base64
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from amqp import serialization
from amqp.exceptions import AMQPError
from amqp.spec import Basic
from kombu import Connection
from redis import Redis

from runtime.testing import Worker, fixtures
from runtime.testing.processes import Console
from tests.runtime.conftest import BROKER, RESULT, STORE, VARIABLES
from tests.runtime.service.notes import NOTES
from tests.runtime.service.queues import Queue

from .generator import amqp_form, good, odd, redis_form

__all__ = ["TASKS", "Outcome", "attack", "fuzz", "services"]

QUEUE = Queue.SHORT.value
TASKS = ("tests.noted", "tests.noted", "tests.noted_once", "tests.kept", "tests.retried")
MARK = re.compile(r"(?:odd|good)-\d+-\d+-")
AHEAD = 200
"""Messages that may wait in the queue."""

Message = dict[str, Any]


@dataclass
class Outcome:
    """What became of the messages, by their marks."""

    odd: list[str] = field(default_factory=list)
    good: list[str] = field(default_factory=list)
    ran: Counter[str] = field(default_factory=Counter)
    kept: set[str] = field(default_factory=set)
    """Those that stand in a dead letter."""
    left: int = 0
    """Messages that are in the queue or unacknowledged, when all is over."""
    log: list[str] = field(default_factory=list)

    @property
    def lost(self) -> list[str]:
        """Odd ones that neither ran nor left a letter."""
        return [mark for mark in self.odd if not self.ran[mark] and mark not in self.kept]

    @property
    def wrong(self) -> dict[str, int]:
        """Good ones that did not run once, or left a letter."""
        return {mark: self.ran[mark] for mark in self.good if self.ran[mark] != 1 or mark in self.kept}

    @property
    def deaths(self) -> list[str]:
        """Lines of the log about a worker or a process of its pool that ended, a connection that broke."""
        words = ("Unrecoverable", "WorkerLost", "Connection to broker lost", "exited with", "Pool callback")
        return [line for line in self.log if any(word in line for word in words)]

    def check(self) -> None:
        """Fail unless each message has ended as it should."""
        assert not self.lost, f"lost: {self.lost}"
        assert not self.wrong, f"wrong: {self.wrong}"
        assert not self.left, f"left: {self.left}"
        assert not self.deaths, f"deaths: {self.deaths}"
        assert sum("ready." in line for line in self.log) == 1


class RedisQueue:
    """The lists of a private Redis."""

    def __init__(self, url: str) -> None:
        self._client: Any = Redis.from_url(url)
        self._read = 0

    def publish(self, random: Random, message: Message, is_good: bool) -> bool:
        """Put a message into the queue."""
        self._client.lpush(QUEUE.wire_name, redis_form(random, message, is_good))
        return True

    def waiting(self) -> int:
        """Messages in the queue."""
        return int(self._client.llen(QUEUE.wire_name))

    def left(self) -> int:
        """And those that are unacknowledged."""
        return self.waiting() + int(self._client.hlen("runtime.unacked"))

    def letters(self) -> Iterator[str]:
        """The dead letters since the last call, as text in which a mark can be found."""
        # Counted from the oldest, in one command: new ones are pushed in front meanwhile.
        entries = self._client.lrange(QUEUE.dead_name, 0, -1 - self._read)
        self._read += len(entries)
        for entry in entries:
            body = ""
            with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
                body = base64.b64decode(json.loads(entry)["body"]).decode("utf-8", "replace")
            yield entry.decode("utf-8", "replace") + body


class AmqpQueue:
    """The queues of a private RabbitMQ."""

    def __init__(self, url: str) -> None:
        self._url, self._connection = url, Connection(url)

    @property
    def _channel(self) -> Any:
        return self._connection.default_channel

    def publish(self, random: Random, message: Message, is_good: bool) -> bool:
        """Publish a message, confirmed; False if AMQP has no form for it, or the broker refuses it."""
        try:
            form: Any = amqp_form(message)
            form._serialize_properties()
        except Exception:
            return False
        try:
            self._channel.basic_publish_confirm(form, exchange="", routing_key=QUEUE.wire_name, confirm_timeout=10)
        except (AMQPError, OSError):
            self._connection.close()
            self._connection = Connection(self._url)
            return False
        return True

    def waiting(self) -> int:
        """Messages in the queue that no worker has."""
        return int(self._channel.queue_declare(QUEUE.wire_name, passive=True).message_count)

    def left(self) -> int:
        """The same: a worker that has stopped holds none."""
        return self.waiting()

    def letters(self) -> Iterator[str]:
        """The dead letters since the last call, as text in which a mark can be found."""
        decoders: Any = serialization.PROPERTY_CLASSES
        former, decoders[Basic.CLASS_ID] = (
            decoders[Basic.CLASS_ID],
            lambda buffer, at: ({"raw": bytes(buffer[at:])}, at),
        )
        try:
            while (letter := self._channel.basic_get(QUEUE.dead_name, no_ack=True)) is not None:
                body = letter.body.encode() if isinstance(letter.body, str) else bytes(letter.body or b"")
                yield (letter.properties["raw"] + b" " + body).decode("utf-8", "replace")
        finally:
            decoders[Basic.CLASS_ID] = former


@contextmanager
def services(scheme: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a service on a private broker, with its keys and results in a private Redis."""
    schemes = {BROKER: scheme, STORE: "redis", RESULT: "redis"}
    outside = {name: value for name, value in fixtures.OUTSIDE.items() if name not in schemes}
    limits = {"RUNTIME_MAX_DELAY": "5", "RUNTIME_KEEP_EXPIRED": "true", "RUNTIME_MARGIN": "1"}
    with fixtures.started(folder, schemes, {**outside, **VARIABLES, **limits}) as environment:
        yield environment


def attack(
    env: dict[str, str], folder: Path, messages: Iterator[tuple[str, bool, Message]], patience: float
) -> Outcome:
    """Publish messages, each with its mark and whether it is good, to one worker.

    patience: seconds without any progress after which what has not ended is lost or stuck.
    """
    outcome, random = Outcome(), Random(1)
    queue = RedisQueue(env[BROKER]) if env[BROKER].startswith("redis") else AmqpQueue(env[BROKER])
    with ExitStack() as stack:
        worker = stack.enter_context(Worker(env, folder, stack.enter_context(Console(env))))
        worker.wait(lambda: worker.lines("ready."))
        for number, (mark, is_good, message) in enumerate(messages):
            if queue.publish(random, message, is_good):
                (outcome.good if is_good else outcome.odd).append(mark)
            while number % 50 == 49 and queue.waiting() > AHEAD and worker.process.poll() is None:
                time.sleep(0.1)
        await_quiet(outcome, folder, queue.letters, queue.left, patience, worker)
        outcome.log = worker.log.read_text(errors="replace").splitlines()
    note_letters(outcome, queue.letters())
    outcome.left = queue.left()
    return outcome


def await_quiet(
    outcome: Outcome,
    folder: Path,
    letters: Callable[[], Iterator[str]],
    left: Callable[[], int],
    patience: float,
    worker: Worker,
) -> None:
    """Return once every message has ended, the worker has, or nothing has happened for so long."""
    deadline, seen = time.monotonic() + patience, (-1, -1)
    while time.monotonic() < deadline and worker.process.poll() is None:
        note_letters(outcome, letters())
        notes = folder / NOTES
        outcome.ran = Counter(notes.read_text().splitlines() if notes.exists() else [])
        if not outcome.lost and not outcome.wrong and not left():
            return
        if (now := (len(outcome.kept), outcome.ran.total())) != seen:
            deadline, seen = time.monotonic() + patience, now
        time.sleep(0.2)


def note_letters(outcome: Outcome, letters: Iterator[str]) -> None:
    """Note the marks in dead letters."""
    for letter in letters:
        outcome.kept.update(MARK.findall(letter))


def fuzz(number: int, seed: int, folder: Path) -> Iterator[tuple[str, bool, Message]]:
    """So many odd messages, with a good one after each fourth."""
    random = Random(seed)
    for each in range(number):
        mark = f"odd-{seed}-{each}-"
        yield mark, False, odd(random, mark, random.choice(TASKS), str(folder))
        if each % 4 == 3:
            mark = f"good-{seed}-{each}-"
            yield mark, True, good(mark, random.choice(TASKS), str(folder))
