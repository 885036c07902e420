"""The channel: consumers, and the delivery of claimed messages to them."""

import logging
from collections import deque
from collections.abc import Iterable
from queue import Empty
from typing import TYPE_CHECKING, Any

from kombu.transport import redis as kombu_redis
from kombu.utils.encoding import bytes_to_str
from kombu.utils.json import loads
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from .fetcher import Delivery, Fetcher
from .qos import QoS
from .unacked_store import UnackedStore

__all__ = ["Channel", "SentinelChannel"]

OPTIONS = ("claim_batch", "delivery_limit", "dead_letter_suffix", "malformed_suffix")
NETWORK_ERRORS = (OSError, RedisConnectionError, RedisTimeoutError)

logger = logging.getLogger(__name__)


class Channel(kombu_redis.Channel):
    """A channel that claims messages. kombu's inner names with `brpop` in them stand here for claiming and waiting."""

    QoS = QoS
    visibility_timeout = 60
    claim_batch = 16
    delivery_limit = 20
    dead_letter_suffix = ".dead"
    malformed_suffix = ".malformed"
    from_transport_options = (
        *(name for name in kombu_redis.Channel.from_transport_options if name != "ack_emulation"),
        *OPTIONS,
    )

    if TYPE_CHECKING:  # kombu's type stubs leave its inner parts out
        qos: Any
        connection: Any

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.no_ack_queues: set[str] = set()
        self._on_message: dict[str, Any] = {}
        self.unacked_store = UnackedStore(self)
        self.fetcher = Fetcher(self)
        super().__init__(*args, **kwargs)
        if self.visibility_timeout < 1 or self.claim_batch < 1:
            raise ValueError(
                "expected visibility_timeout (seconds) and claim_batch (messages) to be at least 1, "
                f"got: {self.visibility_timeout} and {self.claim_batch}; correct broker_transport_options"
            )

    def basic_consume(self, queue: str, no_ack: bool, callback: Any, consumer_tag: Any, **kwargs: Any) -> Any:
        """Consume from `queue`; the first one that is acknowledged starts the lease renewer."""
        self._on_message[queue] = callback
        (self.no_ack_queues.add if no_ack else self.no_ack_queues.discard)(queue)
        consumer = super().basic_consume(queue, no_ack, callback, consumer_tag, **kwargs)
        if not no_ack and queue in self.active_queues:
            self.qos.start_renewing()
        return consumer

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        """Fetch one message, or None. Its lease is not renewed unless this channel consumes as well."""
        message = super().basic_get(queue, no_ack=no_ack, **kwargs)
        if message is not None and no_ack:
            self.qos.ack(message.delivery_tag)
        return message

    def close(self) -> None:
        """Send the acknowledgements, requeue the rest, close. A connection that is gone already is no error."""
        if self.closed:
            return
        self._closing = True
        for step in (self._finish, super().close):
            try:
                step()
            except self.connection_errors as error:
                logger.warning("Closing a channel whose connection is gone: %s", error)

    def _finish(self) -> None:
        if self._qos is None:  # it has only published
            return
        if self.qos.lease_renewer is not None:
            self.qos.lease_renewer.stop()
        try:
            if self.fetcher.in_flight:
                self._hold(self.fetcher.read())
        except (Empty, *self.connection_errors):
            logger.debug("Closing without the reply to a claim", exc_info=True)
        self._in_poll = None  # kombu would wait for a reply; a wait may be cut short
        self.fetcher.return_acks()
        self.qos.flush_acks()
        self.qos.restore_unacked_once()

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        while (claimed := self.unacked_store.claim_one(queue)) is not None:
            delivery = Delivery(queue, bytes_to_str(claimed[0]), claimed[1])
            self._hold([delivery])
            if (message := self._message(delivery)) is not None:
                return message._raw
        raise Empty

    def _brpop_start(self, timeout: float | None = None) -> None:
        self.fetcher.start(self._queue_cycle.consume(len(self.active_queues)))

    def _brpop_read(self, **options: Any) -> bool:
        deliveries = self.fetcher.read()
        for delivery in deliveries:
            self._queue_cycle.rotate(delivery.queue)
        self._hold(deliveries)
        self._dispatch(deque(deliveries))
        return True

    def _hold(self, deliveries: Iterable[Delivery]) -> None:
        self.qos.hold(delivery.tag for delivery in deliveries if delivery.queue not in self.no_ack_queues)

    def _dispatch(self, deliveries: deque[Delivery]) -> None:
        """Call the consumers, and requeue what none takes: nothing stays unacknowledged without being handled."""
        try:
            # A queue may have been cancelled while the claim was on its way, or by a message before.
            while deliveries and deliveries[0].queue in self._active_queues:
                delivery = deliveries.popleft()
                if (message := self._message(delivery)) is not None:
                    self._deliver(delivery, message)
        finally:
            self.qos.drop(delivery.tag for delivery in deliveries)

    def _deliver(self, delivery: Delivery, message: Any) -> None:
        if delivery.queue not in self.no_ack_queues:
            self.qos.append(message, delivery.tag)
        try:
            self._on_message[delivery.queue](message)
        except NETWORK_ERRORS:
            raise
        except Exception:
            # Counted, so that a message which stops every worker that sees it does not do so for ever.
            self.qos.drop([delivery.tag], counted=True)
            raise

    def _message(self, delivery: Delivery) -> Any:
        """Return the message, or None after quarantining what is none."""
        try:
            payload = loads(bytes_to_str(delivery.raw))
            payload["properties"]["delivery_tag"] = delivery.tag
            payload["headers"] = payload["headers"] or {}
            if not isinstance(payload["properties"]["delivery_info"], dict) or not isinstance(payload["headers"], dict):
                raise TypeError("expected delivery_info and headers to be objects")
            # Where it came from, and not where it says: a retry is published there again.
            payload["properties"]["delivery_info"] = {
                "exchange": "",
                "routing_key": delivery.queue,
                "redelivered": payload["properties"]["delivery_info"].get("redelivered") is True,
            }
            message = self.Message(payload, channel=self)
            if not isinstance(message.body, str | bytes | None):
                raise TypeError("expected the body to be text")
            return message
        except Exception:  # whatever decoders and constructors raise: the next message is none the worse for it
            self.qos.quarantine(*delivery)
            return None


class SentinelChannel(Channel, kombu_redis.SentinelChannel):
    """A channel to the master that the sentinels name."""

    from_transport_options = (
        *(name for name in kombu_redis.SentinelChannel.from_transport_options if name != "ack_emulation"),
        *OPTIONS,
    )
