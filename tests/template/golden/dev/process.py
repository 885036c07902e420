"""Start a server as an ordinary process on a free port, and end it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["STARTED", "Server", "free_port", "serving"]


def free_port() -> int:
    """A TCP port on the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A server that may be killed, and started again on the data that it left."""

    command: Sequence[str]
    port: int
    log: Path
    env: Mapping[str, str] | None = None
    patience: float = 60
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Return when the port answers; RuntimeError after `patience` seconds."""
        with self.log.open("ab") as output:
            # A session of its own: to kill a server means its wrapper and its helpers, too.
            self.process = subprocess.Popen(
                self.command,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=self.env,
                start_new_session=True,
            )
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        seen = self.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"expected port {self.port} to answer, got: {seen or 'nothing'}")

    def kill(self) -> None:
        """End it without a word, as a machine that fails does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and insist."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


STARTED: list[Server] = []
"""What this process has started and not ended, the first one first."""


@contextmanager
def serving(
    command: Sequence[str], port: int, log: Path, env: Mapping[str, str] | None = None, patience: float = 60
) -> Iterator[Server]:
    """Run `command` until the block ends; the block begins when `port` answers (within `patience` seconds)."""
    server = Server(command, port, log, env, patience)
    STARTED.append(server)
    try:
        server.start()
        yield server
    finally:
        STARTED.remove(server)
        server.stop()
