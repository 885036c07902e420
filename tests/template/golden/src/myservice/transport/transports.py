"""What kombu loads for a URL."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kombu.transport import redis as kombu_redis

from .channel import Channel, SentinelChannel
from .claims import SLICE

__all__ = ["SentinelTransport", "Transport"]


class Poller(kombu_redis.MultiChannelPoller):
    """kombu's poller, less what the keeper does and what leases forbid."""

    loop: Any = None

    def on_poll_init(self, poller: Any) -> None:
        """Take the event loop's poller, and leave expired leases to the keepers."""
        self.poller = poller

    def maybe_restore_messages(self) -> None:
        """Do nothing: each channel's keeper takes over expired leases."""

    def get(self, callback: Callable[..., Any], timeout: float | None = None) -> None:
        """Poll without an event loop, in slices: credit may come back, or a nap end, and no socket tells."""
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
