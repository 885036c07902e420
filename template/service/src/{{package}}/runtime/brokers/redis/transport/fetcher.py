"""Fetches messages over a channel's own connection: claims them, or waits until there may be some."""

from collections.abc import Sequence
from queue import Empty
from threading import get_ident
from time import monotonic
from typing import Any, NamedTuple

from kombu.utils.encoding import bytes_to_str
from kombu.utils.scheduling import round_robin_cycle
from redis.exceptions import NoScriptError, ResponseError

from .scripts import CLAIM, CLAIM_SHA
from .unacked_store import UnackedStore, record_tail

__all__ = ["Delivery", "Fetcher"]

SLICE = 0.1
"""Seconds to wait on one list out of several, and between looks at a server that cannot wait."""


class Delivery(NamedTuple):
    """A claimed message, not decoded yet."""

    queue: str
    tag: str
    raw: bytes


class Fetcher:
    """One request at a time, without blocking: kombu's poller starts it, and reads when the socket has the reply."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.unacked_store: UnackedStore = channel.unacked_store
        self._drained = False
        self._loaded = False
        self._queues: list[str] = []
        self._acks: list[str] = []
        self._arguments: list[str | int] = []
        self._wait = 0.0
        self._waits = 0
        self._nap_until = 0.0
        self._thread = 0

    @property
    def in_flight(self) -> bool:
        """Whether a reply with messages may be on its way."""
        return bool(self.channel._in_poll) and not self._drained

    def start(self, queues: Sequence[str]) -> None:
        """Ask for messages, or wait if the last claim found none. Acknowledgements ride along."""
        if not queues or monotonic() < self._nap_until:
            return
        self._thread = get_ident()
        self.channel._in_poll = connection = self.channel.client.connection
        self.channel._brpop_sent_at = monotonic()
        lists = self.unacked_store.lists(queues)
        if self._drained:
            self._waits += 1
            name = lists[self._waits % len(lists)]
            self._wait = (self.channel.brpop_timeout or 1) if len(lists) == 1 else SLICE
            connection.send_command("BLMOVE", name, name, "RIGHT", "RIGHT", self._wait)
            return
        # Turns are for the fair order: in a strict one the lists are emptied one after the other.
        turn = len(queues) if type(self.channel._queue_cycle) is round_robin_cycle else 1
        no_ack = self.channel.no_ack_queues
        tails = ["" if queue in no_ack else record_tail(queue) for queue in queues]
        self._queues = list(queues)
        if self._acks:
            self.return_acks()
        self._acks = self.channel.qos.take_acks()
        self._arguments = self.unacked_store.claim_arguments(
            dict(zip(lists, tails * len(self.channel.priority_steps), strict=True)), self._credit(), turn, self._acks
        )
        self._send_claim()

    def read(self) -> list[Delivery]:
        """Return what the claim brought; raise Empty after a claim without messages and after a wait."""
        if self._drained:
            self._end_wait()
            raise Empty
        reply = self._claimed()
        self._drained = not reply
        if self._drained:
            raise Empty
        places = reply[::3], reply[1::3], reply[2::3]
        return [
            Delivery(self._queues[place % len(self._queues)], bytes_to_str(tag), raw)
            for place, tag, raw in zip(*places, strict=True)
        ]

    def return_acks(self) -> None:
        """Keep the acknowledgements of a claim whose reply never came: they may or may not have been taken."""
        self._acks, acks = [], self._acks
        self.channel.qos.put_back_acks(acks)

    def wake(self) -> None:
        """Let the event loop look at the channel again, if another thread has acknowledged a message."""
        loop = self._loop()
        if loop is not None and get_ident() != self._thread:
            loop.call_soon(_look_again)

    def _credit(self) -> int:
        """How many messages to claim. Celery's --disable-prefetch replaces `can_consume`, which allows one."""
        qos, batch = self.channel.qos, int(self.channel.claim_batch)
        free = 1 if "can_consume" in vars(qos) else qos.can_consume_max_estimate()
        return batch if free is None else max(1, min(free, batch))

    def _send_claim(self) -> None:
        """Send the script by its hash, once this connection has sent it whole."""
        script = ("EVALSHA", CLAIM_SHA) if self._loaded else ("EVAL", CLAIM)
        self.channel._in_poll = connection = self.channel.client.connection
        connection.send_command(*script, *self._arguments)

    def _claimed(self) -> list[Any]:
        try:
            reply = self._reply()
        except NoScriptError:
            self._loaded = False
            self._send_claim()
            reply = self._reply()
        self._acks, self._loaded = [], True
        return list(reply)

    def _end_wait(self) -> None:
        """Whether a message came is for the next claim to see. A wait that was too short was none: nap instead."""
        started = self.channel._brpop_sent_at
        try:
            blocked = self._reply() is not None or monotonic() - started > self._wait / 2
        except ResponseError as error:
            if "unknown command" not in str(error):
                raise
            blocked = False
        self._drained = False
        if not blocked:
            self._nap_until = monotonic() + SLICE
            if (loop := self._loop()) is not None:
                loop.call_later(SLICE, _look_again)

    def _reply(self) -> Any:
        client = self.channel.client
        connection = client.connection
        try:
            return client.parse_response(connection, "EVALSHA")
        except self.channel.connection_errors:
            self._drained = self._loaded = False
            self.return_acks()
            connection.disconnect()
            raise
        finally:
            self.channel._in_poll = None
            self.channel._flush_brpop_reauth()

    def _loop(self) -> Any:
        transport = self.channel.connection
        return transport.cycle.loop if transport is not None else None


def _look_again() -> None:
    """Do nothing: every round of the event loop starts with a look at the channels."""
