"""Effects of tasks that tests can count: one line for each, "number pid", outside the broker."""

import os
from pathlib import Path

__all__ = ["FileEffects"]


class FileEffects:
    """Lines of one file, in the order in which they happened."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def append(self, line: str) -> None:
        """Add a line: one call, so that a kill leaves it whole or not at all."""
        descriptor = os.open(self._file, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)

    def count(self) -> int:
        """How many there are so far."""
        return self._file.read_bytes().count(b"\n") if self._file.exists() else 0

    def lines(self) -> list[str]:
        """The effects so far."""
        return self._file.read_text().splitlines() if self._file.exists() else []
