"""Starts a server as an ordinary process on a free port, and ends it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

__all__ = ["STARTED", "Server", "free_port", "serving", "until"]

T = TypeVar("T")


def free_port() -> int:
    """A TCP port on the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(happened: Callable[[], T], timeout: float = 60, interval: float = 0.05) -> T:
    """The first true value of `happened`; raises TimeoutError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := happened()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"expected it to happen within {timeout:g} s, got: {value!r}")
        time.sleep(interval)
    return value


@dataclass
class Server:
    """A server that may be killed, and started again on the data that it left."""

    command: Sequence[str]
    port: int
    log: Path
    env: Mapping[str, str] | None = None
    timeout: float = 60
    cwd: Path | None = None
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Return when the port answers; RuntimeError after `timeout` seconds."""
        with self.log.open("ab") as output:
            # A session of its own: to kill a server means its wrapper and its helpers, too.
            self.process = subprocess.Popen(
                self.command,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
            )
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._answers():
                return
            time.sleep(0.05)
        seen = self.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"expected port {self.port} to answer, got: {seen or 'nothing'}")

    def kill(self) -> None:
        """SIGKILL, for it and its helpers, as when a machine fails."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        # The server itself may outlive its wrapper for a moment, and would be taken for the next one.
        until(lambda: not self._answers(), self.timeout)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if it has not ended after 20 s."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


STARTED: list[Server] = []
"""What this process has started and not ended, the first one first."""


@contextmanager
def serving(
    command: Sequence[str],
    port: int,
    log: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 60,
    cwd: Path | None = None,
) -> Iterator[Server]:
    """Run `command` until the block ends; the block begins when `port` answers (within `timeout` seconds)."""
    server = Server(command, port, log, env, timeout, cwd)
    STARTED.append(server)
    try:
        server.start()
        yield server
    finally:
        STARTED.remove(server)
        server.stop()
