"""Follows a page as its reader would: runs its commands in terminals, makes its edits, compares what is printed.

| fence | what it is |
|---|---|
| `sh` | commands of the first terminal; a title names another terminal, whose last command goes on running |
| `text` | what they print, in another terminal a part of it; `...` stands for anything |
| `diff title="FILE"` | an edit: hunks that are divided by `@@`, with no numbers of lines |
| any other with a title | a file, or with `, at its end` what is added to one |
"""

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Fence", "Terminal", "Walkthrough", "edited", "fences"]

FENCE = re.compile(r'^```(?P<language>\w+)(?: title="(?P<title>[^"]*)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
LOOK = re.compile(r"(cat|curl -s|shop dead list)\b")
"""What a reader types again if it is not there yet: it publishes nothing."""
AT_ITS_END = ", at its end"
PATIENCE = 120.0
"""Seconds until something has to be printed."""
LOOP = 'trap : INT; while IFS= read -r -d "" text <&3; do eval "$text" </dev/null; printf "\\0"; done'
"""Bash runs each text that comes, keeps its folder and its variables, prints a NUL at the end, and outlives Ctrl-C."""


@dataclass(frozen=True)
class Fence:
    """A block of code, and the line of the page that it begins in."""

    language: str
    title: str
    text: str
    line: int


def fences(page: str) -> list[Fence]:
    """All blocks of a page, in their order."""
    return [
        Fence(found["language"], found["title"] or "", found["text"], page.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(page)
    ]


def edited(text: str, diff: str) -> str:
    """The text with each hunk of the diff made; raises AssertionError if a hunk is not in it once."""
    for hunk in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] or "\n" for line in lines if not line.startswith("+"))
        new = "".join(line[1:] or "\n" for line in lines if not line.startswith("-"))
        assert text.count(old) == 1, f"expected the file to have this once, got: {text.count(old)} times\n{old}\n{text}"
        text = text.replace(old, new)
    return text


class Terminal:
    """A shell that keeps its folder and its variables."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        texts, self._texts = os.pipe()
        self._bash = subprocess.Popen(
            ["bash", "-ec", LOOP.replace("3", str(texts))],
            cwd=folder,
            env=env,
            pass_fds=[texts],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(texts)
        self._printed: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._bash.stdout
        while piece := os.read(self._bash.stdout.fileno(), 65536):
            self._printed.put(piece.decode(errors="replace"))
        self._printed.put(None)

    def type(self, text: str) -> None:
        """Start to run commands."""
        os.write(self._texts, f"{text}\0".encode())

    def until(self, pattern: str, patience: float) -> str:
        """What is printed until the pattern is in it; raises AssertionError if it does not come or the shell ends."""
        printed, deadline = "", time.monotonic() + patience
        while not re.search(pattern, printed, re.DOTALL):
            try:
                piece = self._printed.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                piece = None
            assert piece is not None, f"expected it to print {pattern!r}, got:\n{printed}"
            printed += piece
        return printed

    def run(self, text: str, patience: float = 600) -> str:
        """Run commands to their end; returns what they printed. Raises AssertionError if one of them fails."""
        self.type(text)
        return self.until("\0", patience).removesuffix("\0")

    def interrupt(self) -> None:
        """Ctrl-C, and wait until the command has ended."""
        os.killpg(self._bash.pid, signal.SIGINT)
        self.until("\0", PATIENCE)

    def close(self) -> None:
        """End the shell and all that it runs."""
        os.close(self._texts)
        if self._bash.poll() is None:
            os.killpg(self._bash.pid, signal.SIGTERM)
            try:
                self._bash.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self._bash.pid, signal.SIGKILL)
                self._bash.wait()


class Walkthrough:
    """A reader who has opened a page in a folder."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder, self._env = folder, env
        self._terminals = {"": Terminal(folder, env)}
        self._running: set[str] = set()

    def follow(self, page: str) -> None:
        """Do all that the page says; raises AssertionError with the line at which something differs."""
        steps = fences(page)
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            expected = following.text if following and following.language == "text" else None
            try:
                self._do(step, expected)
            except AssertionError as error:
                raise AssertionError(f"line {step.line}: {error}") from error

    def close(self) -> None:
        """Close all terminals, the last one first."""
        for terminal in reversed(self._terminals.values()):
            terminal.close()

    def _do(self, step: Fence, expected: str | None) -> None:
        if step.language == "sh" and step.title:
            self._start(step, expected)
        elif step.language == "sh":
            self._run(step.text, expected)
        elif step.language != "text":
            self._edit(step)

    def _start(self, step: Fence, expected: str | None) -> None:
        terminal = self._terminals.get(step.title) or Terminal(self._folder, self._env)
        self._terminals[step.title] = terminal
        if step.title in self._running:
            terminal.interrupt()
        self._running.add(step.title)
        terminal.type(step.text)
        if expected:
            terminal.until(_pattern(expected), PATIENCE)

    def _run(self, text: str, expected: str | None) -> None:
        deadline = time.monotonic() + PATIENCE
        command = f"{{ {text}}} || true" if (looks := LOOK.match(text)) else text
        while True:
            printed = self._terminals[""].run(command)
            if expected is None or re.fullmatch(_pattern(expected), printed.strip(), re.DOTALL):
                return
            if not looks or time.monotonic() > deadline:
                raise AssertionError(f"expected\n{expected}\ngot:\n{printed}")
            time.sleep(0.2)

    def _edit(self, step: Fence) -> None:
        name, end, _ = step.title.partition(AT_ITS_END)
        file = Path(self._terminals[""].run("pwd").strip()) / name
        if step.language == "diff":
            file.write_text(edited(file.read_text(), step.text))
        else:
            file.write_text(f"{file.read_text()}\n\n{step.text}" if end else step.text)


def _pattern(expected: str) -> str:
    return re.escape(expected.strip()).replace(r"\.\.\.", ".*")
