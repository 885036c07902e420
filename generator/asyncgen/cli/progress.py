"""What a command is at, on a terminal's stderr, where a step takes more than half a second."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["step"]

_PATIENCE = 0.5
"""Seconds after which a step is shown."""


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show what is done in the block, while it is done: the line is gone at its end."""
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield
        return
    line = f"{what} ..."
    shown = threading.Event()

    def show() -> None:
        shown.set()
        print(line, end="", file=stream, flush=True)

    timer = threading.Timer(_PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if shown.is_set():
            print(f"\r{' ' * len(line)}\r", end="", file=stream, flush=True)
