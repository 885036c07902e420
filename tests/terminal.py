"""A command in a pseudo-terminal of 80 columns, with keys typed; a fork of this process, which starts at once."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from asyncgen.cli.edge import run

__all__ = ["CTRL_C", "CTRL_D", "Terminal", "terminal"]

CTRL_C, CTRL_D = "\x03", "\x04"
_PATIENCE = 60
_PROMPT = re.compile(r"(\]|\n[a-z_]+): \Z")


class Terminal:
    """`shown` is all that it shows, what was typed too; `code` is how the command ended, None until then."""

    def __init__(self, process: int, screen: int) -> None:
        self.shown, self._seen = "", 0
        self.code: int | None = None
        self._process, self._screen = process, screen

    def prompt(self) -> str:
        """Wait until it asks, and return what was printed since it last did; "" where it has ended."""
        while not _PROMPT.search(self.shown, self._seen):
            if not self._read():
                return ""
        new, self._seen = self.shown[self._seen :], len(self.shown)
        return new

    def type(self, text: str) -> None:
        """Type a line; Ctrl-C and Ctrl-D take no Enter, and Ctrl-C comes when the command has begun to wait for a key.

        A moment earlier, between the prompt and the call that reads, Python sees a signal only with the next key.
        """
        while text == CTRL_C and not self._waits():
            time.sleep(0.005)
        os.write(self._screen, text.encode() if text in (CTRL_C, CTRL_D) else f"{text}\n".encode())

    def answer(self, answers: Sequence[str]) -> list[str]:
        """Type a line at each prompt, Enter alone where none is left; returns what was printed before each."""
        prompts, left = [], list(answers)
        while text := self.prompt():
            prompts.append(text)
            self.type(left.pop(0) if left else "")
        return prompts

    def _waits(self) -> bool:
        state = Path(f"/proc/{self._process}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "S"

    def _read(self) -> bool:
        assert select.select([self._screen], [], [], _PATIENCE)[0], f"nothing more came: {self.shown}"
        try:
            letters = os.read(self._screen, 65536)
        except OSError:
            letters = b""  # how Linux reports that the other side is closed
        if not letters:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        self.shown += letters.decode(errors="replace").replace("\r\n", "\n")
        return bool(letters)


@contextmanager
def terminal(*arguments: str, rows: int = 50, columns: int = 80) -> Iterator[Terminal]:
    """The command line in a terminal; what is left of it is killed with the block."""
    process, screen = pty.fork()
    if process == 0:
        _run(arguments)
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    running = Terminal(process, screen)
    try:
        yield running
    finally:
        os.close(screen)
        if running.code is None:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _run(arguments: Sequence[str]) -> None:
    """Run the command and end this process: pytest has other streams in place of the terminal's."""
    code = 99
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # pytest imports readline, which asyncgen does not: `input` takes it for the descriptors 0 and 1 alone.
        sys.stdin, sys.stdout, sys.stderr = (open(os.dup(number), mode) for number, mode in enumerate("rww"))  # noqa: SIM115
        code = run(arguments)
    finally:
        os._exit(code)
