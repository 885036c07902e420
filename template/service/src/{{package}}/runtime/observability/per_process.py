"""What every process of a service makes for itself, when it first needs it.

A worker's main process so forks with no thread and no connection, which its children would share with it.
"""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["PerProcess"]

T = TypeVar("T")


class PerProcess(Generic[T]):
    """One value in each process."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._reset()
        if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._making = threading.Lock()
        self._made: T | None = None

    def get(self) -> T:
        """The value, made now if there is none yet."""
        if self._made is None:
            with self._making:
                if self._made is None:
                    self._made = self._make()
        return self._made

    def made(self) -> T | None:
        """The value, if it is made."""
        return self._made
