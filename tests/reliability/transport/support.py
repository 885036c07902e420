"""Private servers, workers as processes, and polling with a deadline."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from celery import Celery
from redis import Redis
from redis.exceptions import RedisError

HERE = Path(__file__).resolve().parent
TRANSPORT = HERE.parents[2] / "template/service/src/{{package}}/{% if redis %}transport{% endif %}"
DEADLINE = 30
LEASE = 1.5
"""Seconds: short enough for a test, long enough for a busy machine to renew in time."""


@cache
def transport() -> ModuleType:
    """The transport as it lies in the template, without touching kombu's table of transports."""
    spec = importlib.util.spec_from_file_location("atomic_transport", TRANSPORT / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def room(name: str) -> Any:
    """A module of the transport."""
    return importlib.import_module(f"{transport().__name__}.{name}")


def program(name: str) -> str:
    """The path of a server, or a skipped test; where CI promises the server, a failed one."""
    found = shutil.which(name)
    if found is None:
        reason = f"expected {name} to be on PATH, got: nothing; install it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(reached: Callable[[], Any], what: str, deadline: float = DEADLINE) -> None:
    """Poll until `reached`, or fail with what was awaited."""
    end = time.monotonic() + deadline
    while not reached():
        assert time.monotonic() < end, f"expected {what} within {deadline} s"
        time.sleep(0.02)


@dataclass
class Server:
    """A Redis or Valkey of its own, restartable on its port and with its data (AOF, fsync always)."""

    folder: Path
    arguments: tuple[str, ...] = ()
    executable: str = "redis-server"
    port: int = field(default_factory=free_port)
    client_options: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait for an answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        listen = () if "--tls-port" in self.arguments else ("--port", str(self.port))
        persistence = () if "--sentinel" in self.arguments else ("--save", "", "--appendonly", "yes")
        command = [program(self.executable), *self.arguments, *listen, "--bind", "127.0.0.1", *persistence]
        if persistence:
            command += ["--appendfsync", "always", "--dir", str(self.folder)]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self.answers, f"{self.executable} to answer")

    def answers(self) -> bool:
        """Whether the server is up."""
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "server.log").read_text()
        with suppress(RedisError):
            return bool(self.client().ping())
        return False

    def client(self) -> Any:
        """A client of the test's own. Any: redis-py types each reply as what some options could make of it."""
        return Redis(host="127.0.0.1", port=self.port, **self.client_options)

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def url(self) -> str:
        """The broker URL."""
        return f"redis://127.0.0.1:{self.port}/0"


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server for the time of a test."""
    try:
        server.start()
        yield server
    finally:
        server.kill()


@dataclass
class Service:
    """The application of `service.py` on a broker, and the processes that work for it."""

    folder: Path
    broker: str
    delivery: str = "atomic"
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    ssl: dict[str, Any] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.options = {"visibility_timeout": LEASE, "socket_timeout": 5, "socket_connect_timeout": 2} | self.options
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(TRANSPORT, self.folder / "transport", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(HERE / "service.py", self.folder)
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

    def worker(self, *arguments: str, pool: str = "solo") -> subprocess.Popen[bytes]:
        """Start a worker and wait until it says that it is ready."""
        number = len(self.workers)
        log = self.folder / f"worker{number}.log"
        command = [sys.executable, "-m", "celery", "-A", "service", "worker", "-n", f"w{number}@test", "-P", pool]
        command += ["-l", "INFO", "--without-gossip", "--without-mingle", *arguments]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.workers.append(process)
        until(lambda: " ready." in log.read_text(), f"worker {number} to be ready")
        return process

    def logs(self) -> str:
        """All that the workers have said."""
        return "".join(log.read_text() for log in sorted(self.folder.glob("worker*.log")))

    def effects(self) -> Counter[str]:
        """How often each task has left its line."""
        with suppress(FileNotFoundError):
            return Counter((self.folder / "effects").read_text().split())
        return Counter()

    def pings(self, timeout: float = 5) -> set[str]:
        """The workers that answer remote control."""
        replies = self.producer.control.ping(timeout=timeout, limit=len(self.living())) or []
        return {name for reply in replies for name in reply}

    def living(self) -> list[subprocess.Popen[bytes]]:
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
