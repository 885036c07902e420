"""The transports that kombu loads for a URL."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kombu.transport import redis as kombu_redis

from .channel import Channel, SentinelChannel
from .fetcher import SLICE

__all__ = ["SentinelTransport", "Transport"]


class Poller(kombu_redis.MultiChannelPoller):
    """kombu's poller, without what the lease renewer does and what leases rule out."""

    loop: Any = None

    def on_poll_init(self, poller: Any) -> None:
        """Take the event loop's poller, and leave expired leases to the lease renewers."""
        self.poller = poller

    def maybe_restore_messages(self) -> None:
        """Do nothing: each channel's lease renewer reclaims expired leases."""

    def get(self, callback: Callable[..., Any], timeout: float | None = None) -> None:
        """Poll without an event loop, in slices: prefetch credit or the end of a pause is not signalled by a socket."""
        super().get(callback, timeout=SLICE if timeout is None else min(timeout, SLICE))

    def _update_brpop_polling(self) -> None:
        """Pause nothing: the messages in an unread reply are leased to their channel, which has to know of them."""

    def _pause_brpop(self, channel: Channel, fileno: int) -> None:
        channel._brpop_read()


class Transport(kombu_redis.Transport):
    """`redis://` and `rediss://`."""

    Channel = Channel

    if TYPE_CHECKING:  # kombu's type stubs say that it may be None
        cycle: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cycle = Poller()

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        """Consume in Celery's event loop."""
        super().register_with_event_loop(connection, loop)
        self.cycle.loop = loop


class SentinelTransport(Transport, kombu_redis.SentinelTransport):
    """`sentinel://`."""

    Channel = SentinelChannel
