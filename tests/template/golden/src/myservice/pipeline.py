"""Many publishes at once on Redis: commands are collected, and sent in one round trip."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

__all__ = ["Pipeline"]

WINDOW = 500
"""Messages in one round trip."""


class Pipeline:
    """A producer that collects what it publishes; leaving the block sends the rest.

    `settle` is called with a task's id, and with why the broker does not have it or an empty string if it has.
    """

    def __init__(self, connection: Any, settle: Callable[[str, str], None]) -> None:
        self._connection, self._settle = connection, settle
        self._open: list[str] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Connect."""
        self._connection.ensure_connection(max_retries=0)
        self.producer = self._connection.Producer()
        self._batch = self._stack.enter_context(self.producer.batch(max_size=2 * WINDOW))
        return self

    def __exit__(self, *error: Any) -> None:
        """Send the rest, unless something broke: what was collected is then dropped."""
        self._stack.__exit__(*error)
        if error[0] is None:
            self._settle_all()

    def sent(self, task_id: str) -> None:
        """Note that the last message was the one of this task."""
        self._open.append(task_id)
        if len(self._open) >= WINDOW:
            self._batch.flush()
            self._settle_all()

    def _settle_all(self) -> None:
        for task_id in self._open:
            self._settle(task_id, "")
        self._open.clear()
