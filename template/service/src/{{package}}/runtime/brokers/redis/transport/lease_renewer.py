"""The thread that renews leases and sends acknowledgements, whatever the channel's main loop does."""

import logging
import threading
from collections import deque
from time import monotonic, sleep
from typing import Any, Protocol

__all__ = ["LeaseRenewer"]

ACK_HOLD = 0.02
"""Seconds that an acknowledgement waits for a claim that could carry it."""
RETRY = 1.0
"""Seconds until the next attempt when the connection failed."""

logger = logging.getLogger(__name__)


class Leases(Protocol):
    """The part of a channel's QoS that is used here."""

    channel: Any
    acked: deque[str]

    def renew(self) -> None: ...

    def restore_visible(self) -> None: ...

    def oldest_ack(self) -> str | None: ...

    def flush_acks(self) -> None: ...


class LeaseRenewer(threading.Thread):
    """Sends acknowledgements that no claim carries; renews leases and reclaims expired ones three times per lease.

    A thread and not a timer of the event loop: the solo pool runs its tasks in that loop, gevent has none, and no loop
    runs during a warm shutdown. It holds no lock while it waits, and a forked child does not continue it.
    """

    def __init__(self, qos: Leases) -> None:
        super().__init__(name="lease-renewer", daemon=True)
        self.qos = qos
        self.channel = qos.channel
        self.acked = threading.Event()
        self.stopped = False

    def stop(self) -> None:
        """End the thread, once it has sent what it is sending."""
        self.stopped = True
        self.acked.set()
        self.join(timeout=1)

    def run(self) -> None:
        """Run until the channel is closed."""
        period = self.channel.visibility_timeout / 3
        due = monotonic()
        while self._in_use():
            try:
                if self.acked.wait(max(0.0, due - monotonic())):
                    self.acked.clear()
                    self._send_acks()
                if monotonic() >= due and not self.stopped:
                    self.qos.renew()
                    # Late, as the server or this process was stalled: others may be late, too, and get time to renew.
                    if monotonic() < due + period:
                        self.qos.restore_visible()
                    due = monotonic() + period
            except Exception as error:  # without this thread every lease would run out
                if self._in_use():
                    logger.warning("Could not renew leases or acknowledge, trying again: %r", error)
                    self.acked.set()
                    sleep(RETRY)

    def _in_use(self) -> bool:
        """Whether to go on: a connection that is dropped forgets its channels before it closes them."""
        connection = self.channel.connection
        return not self.stopped and connection is not None and self.channel in connection.cycle._channels

    def _send_acks(self) -> None:
        oldest = self.qos.oldest_ack()
        if oldest is None or self.stopped:
            return
        sleep(ACK_HOLD)
        if self.qos.oldest_ack() == oldest:
            self.qos.flush_acks()
        elif self.qos.acked:
            self.acked.set()
