"""Many publishes at once on RabbitMQ: the confirmations are read as they arrive."""

from collections.abc import Callable
from typing import Any, Self

__all__ = ["RabbitmqBatchPublisher"]

WINDOW = 1000
"""The most messages that are not confirmed yet."""


class RabbitmqBatchPublisher:
    """A producer on a channel of its own that does not wait for confirmations; see `BatchPublisher`."""

    def __init__(self, connection: Any, on_result: Callable[[str, str], None]) -> None:
        self._connection, self._on_result = connection, on_result
        self._sent = 0
        self._unconfirmed: dict[int, str] = {}
        self._returned: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Open the channel."""
        self._connection.ensure_connection(max_retries=0)
        self._channel = self._connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)
        self._channel.basic_publish = self._publish
        self.producer = self._connection.Producer(self._channel)
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Wait, unless something broke: then the connection's state is unknown, and it is dropped."""
        try:
            if kind is None:
                self._drain(0)
        finally:
            self._connection.collect()

    def sent(self, task_id: str) -> None:
        """See BatchPublisher."""
        self._unconfirmed[self._sent] = task_id
        if len(self._unconfirmed) >= WINDOW:
            self._drain(WINDOW // 2)

    def _publish(self, message: Any, confirm_timeout: Any = None, **options: Any) -> None:
        """Take the place of kombu's `basic_publish`, which waits. A message without a queue is sent back."""
        self._channel._basic_publish(message, **{**options, "mandatory": True})
        self._sent += 1

    def _drain(self, left: int) -> None:
        """Read until at most `left` messages are unconfirmed; raises OSError after the read timeout."""
        timeout = self._connection.transport_options["read_timeout"]
        while len(self._unconfirmed) > left:
            self._connection.drain_events(timeout=timeout)

    def _on_ack(self, tag: int, multiple: bool) -> None:
        for task_id in self._confirmed(tag, multiple):
            self._on_result(task_id, self._returned.pop(task_id, ""))

    def _on_nack(self, tag: int, multiple: bool) -> None:
        for task_id in self._confirmed(tag, multiple):
            self._on_result(task_id, "the broker refused it: its queue may be full")

    def _on_return(self, error: Exception, exchange: str, routing_key: str, message: Any) -> None:
        self._returned[message.headers["id"]] = f"it was returned: {error}"

    def _confirmed(self, tag: int, multiple: bool) -> list[str]:
        tags = [each for each in self._unconfirmed if each <= tag] if multiple else [tag]
        return [self._unconfirmed.pop(each) for each in tags]
