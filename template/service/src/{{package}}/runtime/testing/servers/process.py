"""Starts a server as an ordinary process on a free port, and ends it."""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

__all__ = ["PORTS", "STARTED", "Server", "free_port", "serving", "until"]

T = TypeVar("T")


PORTS = range(20_000, 32_768)
"""None that the system gives to clients: one would be taken before the server listens, or be connected to itself."""


def free_port() -> int:
    """A TCP port on the loopback interface that nobody listens on."""
    while True:
        port = secrets.choice(PORTS)  # tests seed `random`, each process the same way
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def until(happened: Callable[[], T], timeout: float = 60, interval: float = 0.05) -> T:
    """The first true value of `happened`; raises TimeoutError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := happened()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"expected it to happen within {timeout:g} s, got: {value!r}")
        time.sleep(interval)
    return value


def listens(port: int) -> bool:
    """Whether somebody does, on the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Server:
    """A server that may be killed, and started again on the data that it left.

    answers: whether it does, at the port.
    """

    command: Sequence[str]
    port: int
    log: Path
    env: Mapping[str, str] | None = None
    timeout: float = 60
    cwd: Path | None = None
    answers: Callable[[int], bool] = listens
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
            if self.answers(self.port):
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
        until(lambda: not listens(self.port), self.timeout)

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
    answers: Callable[[int], bool] = listens,
) -> Iterator[Server]:
    """Run `command` until the block ends; the block begins when `port` answers (within `timeout` seconds)."""
    server = Server(command, port, log, env, timeout, cwd, answers)
    STARTED.append(server)
    try:
        server.start()
        yield server
    finally:
        STARTED.remove(server)
        server.stop()
