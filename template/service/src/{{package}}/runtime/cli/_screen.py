"""A terminal that shows one text again and again, and is as it was before when that ends."""

import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

__all__ = ["key", "opened", "show"]

OPEN, CLOSE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""The alternate screen without a cursor, and back."""

HOME, ERASE_LINE, ERASE_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


@contextmanager
def opened() -> Iterator[None]:
    """Until the block ends, also by SIGTERM or a closed terminal, keys come one by one and are not echoed."""
    before = termios.tcgetattr(sys.stdin)
    handlers = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setcbreak(sys.stdin)
        _write(OPEN)
        yield
    finally:
        with suppress(OSError, termios.error):  # a terminal that is closed
            _write(CLOSE)
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def show(lines: list[str]) -> None:
    """Draw as many of the lines as there is room for, each cut at the right edge."""
    width, height = shutil.get_terminal_size()
    shown = lines if len(lines) <= height else [*lines[: height - 1], f"... {len(lines) - height + 1} lines more"]
    _write(HOME + "\n".join(f"{line[:width]}{ERASE_LINE}" for line in shown) + ERASE_BELOW)


def key(seconds: float) -> str:
    """The key that is pressed within so many seconds, or nothing."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return ""
    return os.read(sys.stdin.fileno(), 1).decode(errors="replace") or "q"  # the end of the file: nobody is there


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
