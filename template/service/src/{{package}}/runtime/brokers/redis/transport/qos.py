"""The unacknowledged messages of a channel: acknowledged, requeued, or their leases renewed while the process lives."""

import logging
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from .lease_renewer import LeaseRenewer
from .redelivery import Redelivery
from .unacked_store import CHUNK

__all__ = ["QoS"]

logger = logging.getLogger(__name__)


class QoS(kombu_redis.QoS):
    """The messages that a channel has claimed and not acknowledged yet, by delivery tag."""

    if TYPE_CHECKING:  # kombu's type stubs leave its inner parts out, or say they may be None
        channel: Any
        _delivered: Any
        _dirty: set[str]

    def __init__(self, channel: Any, prefetch_count: int = 0) -> None:
        super().__init__(channel, prefetch_count)
        self.acked: deque[str] = deque()
        self.redelivery = Redelivery(channel)
        self.lease_renewer: LeaseRenewer | None = None

    def start_renewing(self) -> None:
        """Renew leases from now on, in a thread of its own."""
        if self.lease_renewer is None:
            _ = self.channel.pool  # create it here, since both threads share it
            self.lease_renewer = LeaseRenewer(self)
            self.lease_renewer.start()

    def hold(self, tags: Iterable[str]) -> None:
        """Count and renew what was claimed, also before it is dispatched."""
        self._delivered.update(dict.fromkeys(tags))

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note a delivered message; only one that came by pub/sub has yet to be recorded."""
        if delivery_tag in self._delivered:
            virtual.QoS.append(self, message, delivery_tag)
        else:
            super().append(message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message: with the next claim, else by the lease renewer. May be called from any thread."""
        virtual.QoS.ack(self, delivery_tag)
        self.acked.append(delivery_tag)
        if self.lease_renewer is None:
            self.flush_acks()
        else:
            self.lease_renewer.acked.set()
            self.channel.fetcher.wake()

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Dead-letter a message, or requeue it at the tail: counted, if this channel consumes messages."""
        virtual.QoS.ack(self, delivery_tag)
        if requeue:
            self.redelivery.requeue([delivery_tag], last=True, counted=bool(self.channel.active_queues))
        else:
            self.redelivery.dead_letter(delivery_tag)

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
        if tags and self.lease_renewer is not None:
            self.lease_renewer.acked.set()

    def flush_acks(self) -> None:
        """Send all acknowledgements now."""
        while tags := self.take_acks():
            try:
                self.channel.unacked_store.ack(tags)
            except BaseException:
                self.put_back_acks(tags)
                raise

    def renew(self) -> None:
        """Start the leases of everything held anew."""
        if tags := list(self._delivered):
            self.channel.unacked_store.renew(tags)

    def drop(self, tags: Iterable[str], counted: bool = False) -> None:
        """Requeue what was claimed but not handled. Without a connection it returns after the lease."""
        unacked = [tag for tag in tags if tag in self._delivered and tag not in self._dirty]
        self._dirty.update(unacked)
        with suppress(*self.channel.connection_errors):
            self.redelivery.requeue(reversed(unacked), counted=counted)

    def quarantine(self, queue: str, tag: str, raw: bytes) -> None:
        """Quarantine what turned out to be no message."""
        virtual.QoS.ack(self, tag)
        self.redelivery.quarantine(queue, tag, raw)

    def restore_visible(self, start: int = 0, num: int = 0, interval: int = 0) -> None:
        """Reclaim expired leases of other processes. kombu's arguments have no use here."""
        self.redelivery.reclaim_expired()

    def restore_unacked(self, client: Any = None) -> None:
        """Requeue what is unacknowledged when the channel closes. Without a connection it returns after the lease."""
        held = list(self._delivered)
        self._delivered.clear()
        try:
            self.redelivery.requeue(reversed(held))
        except self.channel.connection_errors as error:
            logger.warning("Could not requeue %d message(s), they return after their lease: %s", len(held), error)

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Requeue one message: kombu's name for it."""
        self.redelivery.requeue([tag], last=leftmost)
