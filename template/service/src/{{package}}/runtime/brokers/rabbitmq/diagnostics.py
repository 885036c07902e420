"""The RabbitMQ server that carries the messages: its version, its alarms, and whether its queues are as declared."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from amqp import Message
from amqp.exceptions import AMQPError, ChannelError, NotFound
from celery import Celery
from kombu import Exchange, Queue
from kombu.transport.native_delayed_delivery import (
    MAX_LEVEL,
    declare_native_delayed_delivery_exchanges_and_queues,
    level_name,
)

from ...diagnostics import Finding, collected, unknown
from ...settings import PREFIX
from . import management_findings

__all__ = ["diagnose"]

OLDEST = (3, 10)
"""Dead-lettering at least once from quorum queues."""

CONFIRM_TIMEOUT = 2
"""Seconds."""

CONFIGURATION = Path("rabbitmq.conf")

READ_TIMEOUT = "rabbitmqctl eval 'application:get_env(rabbit, consumer_timeout).'"


def diagnose(app: Celery, queues: Sequence[Queue], longest: int, timeout: int) -> Iterator[Finding]:
    """Yield findings; what only the management plugin tells is unknown where that is not asked.

    queues: of work and of dead letters, as the service declares them. longest: seconds; the largest max_runtime and a
    margin. timeout: seconds; the consumer timeout that the service assumes.
    """
    with app.connection_for_write() as connection:
        connection.connect()
        yield _version(connection.connection.server_properties)
        yield from _queues(app, connection, queues)
        vhost = connection.virtual_host
    yield _alarm(app)
    yield from _timeout(longest, timeout)
    yield from management_findings.findings(vhost, [queue.name for queue in queues], timeout)


def _version(server: dict[str, object]) -> Finding:
    version = str(server.get("version", ""))
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= OLDEST:
        return Finding("rabbitmq version", True, version)
    return Finding("rabbitmq version", False, f"expected 3.10 or newer, got: {version}", fix="upgrade the server")


def _alarm(app: Celery) -> Finding:
    """Publish to no queue: a node with an alarm takes one message of a connection, says why, and reads nothing more."""
    reasons: list[str] = []
    with app.connection_for_write() as connection:
        channel: Any = connection.channel()
        connection.connection.on_blocked = reasons.append
        try:
            for nowhere in (uuid4().hex, uuid4().hex):
                channel.basic_publish(Message(""), routing_key=nowhere, confirm_timeout=CONFIRM_TIMEOUT)
        except (AMQPError, OSError) as error:
            connection.collect()  # to close it would wait for an answer
            detail = f"expected publishers to be confirmed, got: {', '.join(reasons) or repr(error)}"
            return Finding("rabbitmq alarm", False, detail, fix="rabbitmq-diagnostics alarms  # free what it names")
    return Finding("rabbitmq alarm", True, "publishers are confirmed")


def _queues(app: Celery, connection: Any, queues: Sequence[Queue]) -> Iterator[Finding]:
    """Declare what is there already anew, as a worker does when it starts: that changes nothing, or is refused."""
    vhost = quote(connection.virtual_host)
    exchanges: dict[str, Any] = {queue.exchange.name: queue.exchange for queue in queues}
    faults = []
    for exchange in exchanges.values():
        if difference := _difference(connection, exchange):
            delete = f"rabbitmqadmin -V {vhost} delete exchange name={quote(exchange.name)}"
            faults.append((_declared_otherwise(f"exchange {exchange.name}", difference), delete))
    yield collected("rabbitmq exchanges", faults, "those that are there are as declared")
    faults = []
    for queue in queues:
        if difference := _difference(connection, queue):
            delete = (
                f"rabbitmqctl -p {vhost} delete_queue {quote(queue.name)}  # drops what is in it: work that off first"
            )
            faults.append((_declared_otherwise(f"queue {queue.name}", difference), delete))
    yield collected("rabbitmq queues", faults, "those that are there are as declared")
    if difference := _delays_difference(app, connection):
        list_them = f"rabbitmqctl -p {vhost} list_queues name type | grep celery_delayed  # delete those"
        faults = [(_declared_otherwise("what delays messages", difference), list_them)]
    yield collected("rabbitmq delays", faults if difference else [], "those that are there are as declared")


def _declared_otherwise(what: str, difference: str) -> str:
    return f"expected {what} to be as the service declares it, got: {difference}; no worker can start"


def _difference(connection: Any, entity: Any) -> str:
    """What the server says of an entity that is there and is declared otherwise; a refusal closes its channel only."""
    for passive in (True, False):
        channel = connection.channel()
        bound = entity(channel)
        try:
            bound.queue_declare(passive=passive) if isinstance(entity, Queue) else bound.declare(passive=passive)
        except NotFound:
            return ""
        except ChannelError as refused:
            return str(refused.reply_text)
        channel.close()
    return ""


def _delays_difference(app: Celery, connection: Any) -> str:
    channel = connection.channel()
    try:
        Exchange(level_name(MAX_LEVEL), type="topic")(channel).declare(passive=True)
        kind = app.conf.broker_native_delayed_delivery_queue_type
        same: Any = SimpleNamespace(channel=lambda: channel)  # kombu would open one, and leave it open
        declare_native_delayed_delivery_exchanges_and_queues(same, kind)
    except NotFound:
        return ""
    except ChannelError as refused:
        return str(refused.reply_text)
    channel.close()
    return ""


def _timeout(longest: int, timeout: int) -> Iterator[Finding]:
    """A client cannot read the consumer timeout, nor does the management plugin tell it: the server's file may."""
    budget = f"{timeout} s, above the largest max_runtime and a margin, {longest} s"
    fix = "" if longest < timeout else "asyncgen sync-queues"
    yield Finding("consumer timeout", longest < timeout, budget, fix=fix)
    if not CONFIGURATION.is_file():
        why = f"no {CONFIGURATION} is here"
        yield unknown("rabbitmq.conf", why, f"the server's consumer_timeout to be {timeout * 1000}", READ_TIMEOUT)
        return
    configured = re.search(r"(?m)^consumer_timeout\s*=\s*(\d+)", CONFIGURATION.read_text())
    milliseconds = int(configured[1]) if configured else 1_800_000
    if milliseconds == timeout * 1000:
        yield Finding("rabbitmq.conf", True, f"consumer_timeout = {milliseconds}")
        return
    detail = (
        f"expected consumer_timeout = {timeout * 1000}, as app.py or {PREFIX}CONSUMER_TIMEOUT says, got: {milliseconds}"
    )
    yield Finding("rabbitmq.conf", False, detail, fix=f"{PREFIX}CONSUMER_TIMEOUT={milliseconds // 1000}")
