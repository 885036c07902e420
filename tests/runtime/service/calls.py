"""What tests do with the service in a process beside the worker: see `Console.call`."""

import os
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict
from datetime import timedelta
from functools import cache, partial
from io import StringIO
from typing import Any

from celery import Celery, chain
from kombu import Queue
from redis import Redis
from sqlalchemy.orm import Session

from runtime import QueueClass, cli, publish_many
from runtime.brokers.rabbitmq.dead_letter_queue import RabbitmqDeadLetterQueue
from runtime.brokers.redis.dead_letter_queue import RedisDeadLetterQueue
from runtime.dead_letters import DeadLetterFilter, letters, replay
from runtime.idempotency.sql.database import engine_of
from runtime.outbox import publish as publish_on_commit
from runtime.outbox import start as start_on_commit
from runtime.payload import fingerprint
from runtime.publishing import Unconfirmed
from runtime.relay import OutboxMessage, Relay
from runtime.relay import publish as publish_message
from runtime.settings import settings
from runtime.status import task_status
from runtime.testing.app import app_module
from runtime.testing.servers.process import until

from .app import app
from .tasks.effects import effect
from .tasks.waiting import waits
from .workflows import numbered

__all__ = [
    "command",
    "dead_reasons",
    "pool_processes",
    "publish",
    "publish_chain",
    "publish_delayed",
    "publish_effects",
    "publish_in_transaction",
    "publish_timed",
    "publish_unconfirmed",
    "purge_queues",
    "queue_figures",
    "relay",
    "relay_and_die",
    "replay_and_die",
    "result_of",
    "run_elsewhere",
    "send_from_elsewhere",
    "send_unchecked",
    "start_in_transaction",
    "states_until_the_end",
]


def publish(task: str, *arguments: Any, **options: Any) -> str:
    """Publish the task of this name with options of `apply_async`; its id."""
    published: str = app.tasks[task].apply_async(arguments, **options).id
    return published


def command(*arguments: str) -> tuple[int | str, str, str]:
    """Run a command as the console script does, errors and all: its exit code, and what it wrote."""
    out, err, before = StringIO(), StringIO(), sys.argv
    sys.argv = ["runtime", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            cli.main(app_module())
    except SystemExit as ended:
        return ended.code or 0, out.getvalue(), err.getvalue()
    finally:
        sys.argv = before
    raise AssertionError("expected the command to exit")


def purge_queues() -> None:
    """Leave no message in any queue, nor one that a killed worker has held."""
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        if hasattr(channel, "pool"):
            Redis(connection_pool=channel.pool).flushdb()
            return
        for queue in app.amqp.queues.values():
            bound = queue.bind(channel)
            bound.declare()
            until(partial(_is_unserved, bound))
            bound.purge()


def _is_unserved(queue: Any) -> bool:
    """Whether the broker knows by now that a worker was killed."""
    return not queue.queue_declare(passive=True).consumer_count


def queue_figures() -> list[dict[str, Any]]:
    """What the queues hold."""
    return [asdict(each) for each in app.service.broker.queue_figures(app, app.service.queues)]


def send_unchecked(task: str, arguments: list[Any], task_id: str) -> None:
    """Publish as another program does, which knows the task by its name alone."""
    app.send_task(task, arguments, task_id=task_id)


def send_from_elsewhere(task: str, arguments: list[Any], keywords: dict[str, Any], **options: Any) -> str:
    """Publish as a program of another version does: with this very name, and with these names of arguments."""
    sent: str = Celery.send_task(app, task, arguments, keywords, **options).id
    return sent


def run_elsewhere(task: str, task_id: str, arguments: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Leave the key that a run of this message leaves where the task has these defaults alone."""
    store = app.service.open_store()
    whole, given = fingerprint({**defaults, **arguments}), fingerprint(arguments)
    with store.attempt("lease", key=f"{task}:{task_id}", owner=task_id, fingerprint=whole, given=given) as attempt:
        assert not attempt.done


def publish_chain(folder: str) -> None:
    """A run that waits, and one after it that does not."""
    chain(waits.si(folder, "task", 45), waits.si(folder, "next", 0)).apply_async()


def publish_timed() -> tuple[str, str, float]:
    """The error that publishing raised, its text, and the seconds until then."""
    began = time.monotonic()
    try:
        effect.delay("never", "nowhere")
    except Exception as error:
        return type(error).__name__, str(error), time.monotonic() - began
    return "", "", time.monotonic() - began


# ---- many at once ----

UNCONFIRMED: list[Unconfirmed] = []


def publish_effects(mark: str, folder: str, number: int) -> list[tuple[str, str]]:
    """Publish many effects at once; task and reason of those that are not confirmed."""
    tasks = [(effect, {"name": f"{mark}-{each}.effect", "folder": folder}) for each in range(number)]
    UNCONFIRMED[:] = publish_many(tasks)
    return [(each.task, each.reason) for each in UNCONFIRMED]


def publish_unconfirmed() -> int:
    """Publish again what was not confirmed; how many are not confirmed now."""
    return len(publish_many(each.signature for each in UNCONFIRMED))


# ---- the outbox ----


def publish_in_transaction(name: str, folder: str, commit: bool) -> None:
    """Put an effect into the outbox, and commit or roll back."""
    with Session(engine_of(settings().idempotency_url)) as session:
        publish_on_commit(session, effect.s(name, folder))
        if commit:
            session.commit()
        else:
            session.rollback()


def start_in_transaction(name: str, workflow_id: str, commit: bool, **options: Any) -> str:
    """Put the start of a workflow into the outbox, and commit or roll back."""
    with Session(engine_of(settings().idempotency_url)) as session:
        started = start_on_commit(session, getattr(numbered, name), workflow_id, **options)
        if commit:
            session.commit()
        else:
            session.rollback()
        return started


def relay() -> int:
    """Send what is due; how many."""
    return Relay(settings().idempotency_url, publish_message).drain()


def relay_and_die() -> None:
    """End this process between sending a message and deleting its row."""

    def send(message: OutboxMessage) -> None:
        publish_message(message)
        os._exit(1)

    Relay(settings().idempotency_url, send).drain()


# ---- dead letters, results, the worker ----


def dead_reasons(task_id: str) -> list[str]:
    """Why the task of this id died."""
    return [letter.reason for letter in letters() if letter.id == task_id]


def replay_and_die(task_id: str) -> None:
    """End this process between publishing a dead letter's message and removing the letter."""
    for kind in (RedisDeadLetterQueue, RabbitmqDeadLetterQueue):
        setattr(kind, "remove", lambda *_: os._exit(1))  # noqa: B010  # mypy knows it as a method
    list(replay(DeadLetterFilter(frozenset([task_id]))))


def result_of(task_id: str) -> tuple[str, Any]:
    """The state and the result of a run."""
    result = app.AsyncResult(task_id)
    return result.state, result.result


def pool_processes() -> list[int]:
    """The process ids of the pool of the one worker that answers."""
    found: list[int] = []
    for stats in (app.control.inspect(limit=1).stats() or {}).values():
        found += stats["pool"]["processes"]
    return found


def states_until_the_end(task: str, task_id: str) -> list[str]:
    """The states of the task, one after the other and looked for without a pause, until it is done or dead."""
    states: list[str] = []
    watched: Any = app.tasks[task]
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not {"done", "dead"} & set(states):
        if (state := task_status(watched, task_id).state) not in states[-1:]:
            states.append(state)
    return states


# ---- a queue that no worker has declared ----


@cache
def delayed_queue(name: str) -> Queue:
    """A queue for this process alone."""
    (queue,) = app.service.broker.task_queues([QueueClass(name, max_runtime=10)])
    app.amqp.queues.add(queue)
    return queue


def publish_delayed(queue: str, countdown: float = 0, eta_in: float = 0, many: bool = False) -> None:
    """Publish a run for a queue of this name, in so many seconds."""
    options = {"eta": app.now() + timedelta(seconds=eta_in)} if eta_in else {"countdown": countdown}
    delayed = effect.s("never", "nowhere").set(queue=delayed_queue(queue).name, **options)
    if many:
        assert publish_many([delayed]) == []
    else:
        delayed.apply_async()
