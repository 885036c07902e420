"""How an unacknowledged delivery becomes a message again: in its queue, in its dead letters, or in quarantine."""

import logging
import time
from collections.abc import Iterable
from typing import Any

from kombu.transport import redis as kombu_redis
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import dumps, loads

from .unacked_store import CHUNK, UnackedStore, split_record

__all__ = ["DELIVERY_COUNT", "Redelivery"]

DELIVERY_COUNT = "x-delivery-count"
"""The header in which RabbitMQ's quorum queues count redeliveries, too."""

logger = logging.getLogger(__name__)


class Redelivery:
    """Ends deliveries of one channel without acknowledging them."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.unacked_store: UnackedStore = channel.unacked_store

    def requeue(self, tags: Iterable[str], *, last: bool = False, counted: bool = False) -> None:
        """Put messages back into their queues, at the head or the tail."""
        for tag in tags:
            record = self.unacked_store.record(tag)
            if record is not None:
                self._return(tag, record, last=last, counted=counted)

    def reclaim_expired(self) -> None:
        """Requeue, at the head, what no process has renewed for a lease."""
        while True:
            cutoff, deliveries = self.unacked_store.expired(self.channel.visibility_timeout)
            if deliveries:
                logger.warning("Redelivering %d message(s) whose lease ran out", len(deliveries))
            for tag, record in reversed(deliveries):
                self._return(tag, record, counted=True, cutoff=cutoff)
            if len(deliveries) < CHUNK:
                return

    def quarantine(self, queue: str, tag: str, raw: bytes, cutoff: bytes = b"") -> None:
        """Move what is no message to the list `<queue>` + `malformed_suffix`, byte for byte."""
        logger.error("Moved what is no message from %s to its list of malformed ones: %.200r", queue, raw)
        self.unacked_store.move(tag, queue + self.channel.malformed_suffix, raw, last=True, cutoff=cutoff)

    def dead_letter(self, tag: str) -> None:
        """Move a rejected message to its queue's dead letters."""
        record = self.unacked_store.record(tag)
        if record is None:
            return
        try:
            message, _, queue = _decoded(record)
            message["headers"].update(_death(queue, "rejected"))
            letter = dumps(message)
        except Exception:
            self.quarantine(*split_record(record, tag))
            return
        self.unacked_store.move(tag, queue + self.channel.dead_letter_suffix, letter, last=True)

    def _return(
        self, tag: str, record: bytes, *, last: bool = False, counted: bool = False, cutoff: bytes = b""
    ) -> None:
        try:
            message, exchange, queue = _decoded(record)
            target, again, is_dead = self._redelivered(message, queue, counted)
        except Exception:  # whatever it raises, RecursionError included: those behind it have to come back, too
            self.quarantine(*split_record(record, tag), cutoff)
            return
        # A stock worker notes the exchange and not the queue, and would drop what is bound to none.
        if exchange and self.channel._lookup(exchange, queue):
            kombu_redis.QoS.restore_by_tag(self.channel.qos, tag, leftmost=last)
            return
        if is_dead:
            logger.error("Moved a message of %s to its dead letters: delivered too often", queue)
        self.unacked_store.move(tag, target, again, last=last or is_dead, cutoff=cutoff)

    def _redelivered(self, message: dict[str, Any], queue: str, counted: bool) -> tuple[str, str, bool]:
        """The list that a message goes to, the message as JSON, and whether it was delivered too often."""
        headers = message["headers"]
        headers["redelivered"] = message["properties"]["delivery_info"]["redelivered"] = True
        if counted:
            before = headers.get(DELIVERY_COUNT)
            headers[DELIVERY_COUNT] = before + 1 if type(before) is int and before > 0 else 1
            if 0 < self.channel.delivery_limit < headers[DELIVERY_COUNT]:
                headers.update(_death(queue, "delivery_limit"))
                return queue + self.channel.dead_letter_suffix, dumps(message), True
        priority = self.channel._get_message_priority(message)
        return self.channel._q_for_pri(queue, priority), dumps(message), False


def _decoded(record: bytes) -> tuple[dict[str, Any], str, str]:
    """The message, the exchange and the queue of a record; raises whatever its decoder does."""
    message, exchange, queue = loads(bytes_to_str(record))
    if not isinstance(exchange, str) or not isinstance(queue, str):
        raise TypeError("expected the exchange and the queue to be names")
    message["headers"] = message["headers"] or {}
    return message, exchange, queue


def _death(queue: str, reason: str) -> dict[str, Any]:
    """The headers that a queue's dead-letter exchange adds; the time in seconds since 1970, which JSON can hold."""
    event = {"queue": queue, "reason": reason, "count": 1, "time": time.time()}
    return {"x-first-death-reason": reason, "x-first-death-queue": queue, "x-death": [event]}
