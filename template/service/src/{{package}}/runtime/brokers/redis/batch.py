"""Many publishes at once on Redis: commands are collected, and sent in one round trip."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

__all__ = ["RedisBatchPublisher"]

BATCH_SIZE = 500
"""Messages in one round trip."""


class RedisBatchPublisher:
    """A producer that collects what it publishes; see `BatchPublisher`."""

    def __init__(self, connection: Any, on_result: Callable[[str, str], None]) -> None:
        self._connection, self._on_result = connection, on_result
        self._unconfirmed: list[str] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Connect."""
        self._connection.ensure_connection(max_retries=0)
        self.producer = self._connection.Producer()
        self._batch = self._stack.enter_context(self.producer.batch(max_size=2 * BATCH_SIZE))
        return self

    def __exit__(self, *error: Any) -> None:
        """Send the rest, unless something broke: what was collected is then dropped."""
        self._stack.__exit__(*error)
        if error[0] is None:
            self._confirm_all()

    def sent(self, task_id: str) -> None:
        """See BatchPublisher."""
        self._unconfirmed.append(task_id)
        if len(self._unconfirmed) >= BATCH_SIZE:
            self._batch.flush()
            self._confirm_all()

    def _confirm_all(self) -> None:
        for task_id in self._unconfirmed:
            self._on_result(task_id, "")
        self._unconfirmed.clear()
