"""Files that a command line names: a device such as /dev/zero has no end."""

from pathlib import Path

__all__ = ["MOST", "read_file"]

MOST = 50_000_000
"""The most bytes of a file that is read whole."""


def read_file(file: Path) -> bytes:
    """A file's bytes. Raises OSError, and ValueError for more than MOST."""
    with open(file, "rb") as opened:
        content = opened.read(MOST + 1)
    if len(content) > MOST:
        raise ValueError(f"more than {MOST} bytes")
    return content
