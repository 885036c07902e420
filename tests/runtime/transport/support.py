"""Workers of the application in `service`, Redis servers with arguments of their own, and a proxy that counts."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from redis import Redis

import runtime
from runtime.testing.servers.process import Server, free_port, serving, until
from runtime.testing.servers.redis import redis_command

__all__ = ["LEASE", "CountingProxy", "Service", "connect", "program", "redis_server", "url_of"]

ROOT = Path(__file__).parents[3]
PATH = os.pathsep.join([str(ROOT / "tests/absent"), str(ROOT), str(Path(str(runtime.__file__)).parents[1])])
LEASE = 1.5
"""Seconds: short enough for a test, long enough for a busy machine to renew in time."""


def program(name: str) -> str:
    """The path of a server, or a skipped test; where CI promises the server, a failed one."""
    found = shutil.which(name)
    if found is None:
        reason = f"expected {name} to be on PATH, got: nothing; install it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def redis_server(
    folder: Path, *arguments: str, binary: str = "redis-server", port: int = 0
) -> AbstractContextManager[Server]:
    """A Redis or Valkey of its own, restartable on its port and with its data."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    return serving([*redis_command(program(binary), port, folder), *arguments], port, folder / "server.log")


def connect(server: Server, **options: Any) -> Any:
    """A client of the test's own. Any: redis-py types each reply as what some options could make of it."""
    return Redis(host="127.0.0.1", port=server.port, **options)


def url_of(server: Server) -> str:
    """The broker URL."""
    return f"redis://127.0.0.1:{server.port}/0"


@dataclass
class Service:
    """The application of the module `service` on a broker, and the processes that work for it."""

    folder: Path
    broker: str
    delivery: str = "atomic"
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    ssl: dict[str, Any] | None = None
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.options = {"visibility_timeout": LEASE, "socket_timeout": 5, "socket_connect_timeout": 2} | self.options
        self.folder.mkdir(parents=True, exist_ok=True)
        self.producer = Celery("service", broker=self.broker, set_as_current=False)
        self.producer.conf.update(
            task_default_queue="work",
            broker_use_ssl=self.ssl,
            broker_transport_options={k: v for k, v in self.options.items() if k != "visibility_timeout"},
        )

    @property
    def environment(self) -> dict[str, str]:
        """What tells a process of the service what to be."""
        return os.environ | {
            "PYTHONPATH": PATH,
            "DELIVERY": self.delivery,
            "BROKER": self.broker,
            "OPTIONS": json.dumps(self.options),
            "SETTINGS": json.dumps(self.settings),
            "SSL": json.dumps(self.ssl),
            "EFFECTS": str(self.folder / "effects"),
        }

    def send(self, task: str, *args: Any, **options: Any) -> None:
        """Publish with kombu's stock transport: what is on the wire stays Celery's."""
        self.producer.send_task(task, args, **options)

    def worker(self, *arguments: str, pool: str = "solo") -> "subprocess.Popen[bytes]":
        """Start a worker and wait until it says that it is ready."""
        (worker,) = self.start_workers(1, *arguments, pool=pool)
        return worker

    def start_workers(self, number: int, *arguments: str, pool: str = "solo") -> "list[subprocess.Popen[bytes]]":
        """Start several workers at the same time."""
        started = [self._start(*arguments, pool=pool) for _ in range(number)]
        for log in self._logs()[-number:]:
            until(lambda log=log: " ready." in log.read_text(), interval=0.02)  # type: ignore[misc]
        return started

    def _start(self, *arguments: str, pool: str) -> "subprocess.Popen[bytes]":
        number = len(self.workers)
        command = [sys.executable, "-m", "celery", "-A", f"{__package__}.service", "worker", "-n", f"w{number}@test"]
        command += ["-P", pool, "-l", "INFO", "--without-gossip", "--without-mingle", *arguments]
        with (self.folder / f"worker{number:02}.log").open("wb") as output:
            process = subprocess.Popen(
                command, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        self.workers.append(process)
        return process

    def _logs(self) -> list[Path]:
        return sorted(self.folder.glob("worker*.log"))

    def logs(self) -> str:
        """All that the workers have logged."""
        return "".join(log.read_text() for log in self._logs())

    def effects(self) -> Counter[str]:
        """How often each task has left its line."""
        with suppress(FileNotFoundError):
            return Counter((self.folder / "effects").read_text().split())
        return Counter()

    def pings(self, timeout: float = 5) -> set[str]:
        """The workers that answer remote control."""
        replies = self.producer.control.ping(timeout=timeout, limit=len(self.living())) or []
        return {name for reply in replies for name in reply}

    def active(self) -> int:
        """How many tasks the one worker knows to have begun."""
        inspect: Any = self.producer.control.inspect(timeout=5, limit=1)
        return sum(map(len, (inspect.active() or {}).values()))

    def living(self) -> "list[subprocess.Popen[bytes]]":
        """The workers that have not ended."""
        return [worker for worker in self.workers if worker.poll() is None]

    def stop(self) -> None:
        """End every process of every worker."""
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        self.producer.close()


class CountingProxy:
    """A TCP proxy that counts what clients send: one request is one chunk, where each waits for its answer."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.requests = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(source, sink, source is client), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, count: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.requests += count
                sink.sendall(data)
        for end in (source, sink):
            end.close()

    def close(self) -> None:
        """Take no more connections."""
        self.listener.close()
