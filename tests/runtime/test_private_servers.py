"""The servers that the harness starts: their ports, and when one is taken to have started."""

import os
import socket
from pathlib import Path
from threading import Thread

import pytest

from runtime.testing.servers.process import PORTS, Server, free_port
from runtime.testing.servers.rabbitmq import _opens_connections

CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_a_port_is_none_that_a_client_may_have() -> None:
    ports = {free_port() for _ in range(20)}
    assert len(ports) > 15
    assert ports <= set(PORTS)
    if CLIENTS.exists() and (first := int(CLIENTS.read_text().split()[0])) > 30_000:
        assert max(PORTS) < first


def test_another_one_at_the_port_is_not_taken_for_rabbitmq(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        def hang_up() -> None:
            while True:
                try:
                    other.accept()[0].close()
                except OSError:
                    return

        Thread(target=hang_up, daemon=True).start()
        server = Server(["sleep", "60"], port, tmp_path / "log", timeout=1, answers=_opens_connections)
        with pytest.raises(RuntimeError, match=f"expected port {port} to answer, got: nothing"):
            server.start()
        os.kill(server.process.pid, 9)
        server.process.wait()
