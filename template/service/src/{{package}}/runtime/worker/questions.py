"""A cheap question to the broker: is there a queue whose messages do not come, though this worker has nothing to do?

It is asked by a thread of its own, over a connection of its own, and only while the worker is idle and has received
nothing since the last time. So it costs a busy worker nothing, and a server that does not answer delays nobody.
"""

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import structlog

from ..service import ServiceApp

__all__ = ["Questions"]

log = structlog.get_logger(__name__)

TIMES = 3
"""Answers in a row that make a queue unserved: other workers take what one answer has seen."""


class Questions(threading.Thread):
    """Asks every `period` seconds about the queues of these names on the wire.

    idle_since: what stays the same while the worker is connected and idle, and receives nothing; None while it is not.
    """

    def __init__(
        self, app: ServiceApp, queues: Sequence[str], period: float, idle_since: Callable[[], Hashable | None]
    ) -> None:
        super().__init__(name="health-questions", daemon=True)
        self.ended = threading.Event()
        self.unserved: frozenset[str] = frozenset()
        """The queues that the worker should have been given messages of."""
        self._app = app
        self._queues = queues
        self._period = period
        self._idle_since = idle_since
        self._seen: Counter[str] = Counter()
        self._asked: Hashable | None = None
        self._connection: Any = None

    def run(self) -> None:
        """Ask until the worker ends."""
        while not self.ended.wait(self._period):
            before = self._idle_since()
            if before is None or before != self._asked:
                self._seen.clear()
                self._asked = before
            elif (wanting := self._ask()) is not None and self._idle_since() == before:
                self._seen = Counter({queue: self._seen[queue] + 1 for queue in wanting})
            self.unserved = frozenset(queue for queue, times in self._seen.items() if times >= TIMES)

    def _ask(self) -> list[str] | None:
        """The queues that want a consumer; None where the broker does not answer."""
        broker = self._app.service.broker
        connection, self._connection = self._connection or self._app.connection_for_write(), None
        try:
            wanting = [queue for queue in self._queues if broker.wants_consumer(connection, queue)]
        except Exception:  # whatever it is, it is no answer; without this thread the last one would hold for ever
            log.debug("no answer", exc_info=True)
            connection.collect(socket_timeout=1)
            return None
        self._connection = connection
        return wanting
