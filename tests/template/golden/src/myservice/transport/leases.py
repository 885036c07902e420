"""What a channel holds, and how it lets go: settled, given back, or renewed while the process lives."""

import logging
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from .keeper import Keeper
from .ledger import CHUNK
from .redelivery import Redelivery

__all__ = ["QoS"]

logger = logging.getLogger(__name__)


class QoS(kombu_redis.QoS):
    """The messages that a channel has claimed and not settled yet, by delivery tag."""

    if TYPE_CHECKING:  # kombu's type stubs leave its inner parts out, or say they may be None
        channel: Any
        _delivered: Any
        _dirty: set[str]

    def __init__(self, channel: Any, prefetch_count: int = 0) -> None:
        super().__init__(channel, prefetch_count)
        self.acked: deque[str] = deque()
        self.redelivery = Redelivery(channel)
        self.keeper: Keeper | None = None

    def keep(self) -> None:
        """Renew from now on, in a thread of its own."""
        if self.keeper is None:
            _ = self.channel.pool  # create it here, since both threads share it
            self.keeper = Keeper(self)
            self.keeper.start()

    def hold(self, tags: Iterable[str]) -> None:
        """Count and renew what was claimed, also while it waits behind the messages claimed with it."""
        self._delivered.update(dict.fromkeys(tags))

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note a delivered message; only one that came by pub/sub has yet to be recorded."""
        if delivery_tag in self._delivered:
            virtual.QoS.append(self, message, delivery_tag)
        else:
            super().append(message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Settle a message: with the next claim, or by the keeper if none comes. May be called from any thread."""
        virtual.QoS.ack(self, delivery_tag)
        self.acked.append(delivery_tag)
        if self.keeper is None:
            self.flush_acks()
        else:
            self.keeper.acked.set()
            self.channel.claims.wake()

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Settle a message, or put it at the end of its queue: counted, if this channel consumes messages."""
        if requeue:
            virtual.QoS.ack(self, delivery_tag)
            self.redelivery.give_back([delivery_tag], last=True, counted=bool(self.channel.active_queues))
        else:
            self.ack(delivery_tag)

    def oldest_ack(self) -> str | None:
        """Return the acknowledgement that waits longest; another thread may take it meanwhile."""
        with suppress(IndexError):
            return self.acked[0]
        return None

    def take_acks(self) -> list[str]:
        """Return acknowledgements for one call. Whoever takes them has to send them or to put them back."""
        taken: list[str] = []
        with suppress(IndexError):
            while len(taken) < CHUNK:
                taken.append(self.acked.popleft())
        return taken

    def put_back_acks(self, tags: list[str]) -> None:
        """Keep acknowledgements that could not be sent."""
        self.acked.extendleft(reversed(tags))
        if tags and self.keeper is not None:
            self.keeper.acked.set()

    def flush_acks(self) -> None:
        """Send all acknowledgements now."""
        while tags := self.take_acks():
            try:
                self.channel.ledger.settle(tags)
            except BaseException:
                self.put_back_acks(tags)
                raise

    def renew(self) -> None:
        """Start the leases of everything held anew."""
        if tags := list(self._delivered):
            self.channel.ledger.renew(tags)

    def drop(self, tags: Iterable[str], counted: bool = False) -> None:
        """Give back what was claimed but not handled. Without a connection it returns after the lease."""
        unsettled = [tag for tag in tags if tag in self._delivered and tag not in self._dirty]
        self._dirty.update(unsettled)
        with suppress(*self.channel.connection_errors):
            self.redelivery.give_back(reversed(unsettled), counted=counted)

    def set_aside(self, queue: str, tag: str, raw: bytes) -> None:
        """Let go of what turned out to be no message."""
        virtual.QoS.ack(self, tag)
        self.redelivery.set_aside(queue, tag, raw)

    def restore_visible(self, start: int = 0, num: int = 0, interval: int = 0) -> None:
        """Take over what other processes lost. kombu's arguments have no use here."""
        self.redelivery.take_over()

    def restore_unacked(self, client: Any = None) -> None:
        """Give back what is not settled, when the channel closes. Without a connection it returns after the lease."""
        held = list(self._delivered)
        self._delivered.clear()
        try:
            self.redelivery.give_back(reversed(held))
        except self.channel.connection_errors as error:
            logger.warning("Could not give back %d message(s), they return after their lease: %s", len(held), error)

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Give back one message: kombu's name for it."""
        self.redelivery.give_back([tag], last=leftmost)
