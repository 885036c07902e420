"""A service with its processes and servers, beside a Prometheus with the rendered rules that scrapes them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import yaml

from runtime.testing.servers import rabbitmq, running
from runtime.testing.servers.process import free_port, serving, until
from tests.postgresql import postgresql
from tests.template.rendering import ROOT, render

__all__ = ["PROCESSES", "RATES", "Prometheus", "Service", "started"]

HERE = Path(__file__).parent
RENDERING = Lock()
"""Copier is made for one thread."""
JOB = "shop"
RATES = {"serve": 2.0, "bill": 2.0, "report": 1.0}
"""How often a second each task of the usual load is published."""


class Prometheus:
    """A running one."""

    def __init__(self, port: int) -> None:
        self._server = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        """Whether it answers questions."""
        try:
            with urllib.request.urlopen(f"{self._server}/-/ready", timeout=10):
                return True
        except urllib.error.HTTPError:
            return False

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its HTTP API."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self._server}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[Any]:
        """The series that an expression has now."""
        found: list[Any] = self.ask("query", query=expression)["result"]
        return found

    def fired(self, since: float) -> dict[str, float]:
        """The alerts that have been firing since a moment, and when each was evaluated so first."""
        window = f"{time.time() - since + 1:.0f}s"
        samples = self.query(f'ALERTS{{job="{JOB}",alertstate="firing"}}[{window}]')
        first: dict[str, float] = {}
        for series in samples:
            name = series["metric"]["alertname"]
            moments = [moment for moment, _ in series["values"] if moment >= since]
            if moments:
                first[name] = min(moments[0], first.get(name, moments[0]))
        return first

    def alerts(self) -> list[Any]:
        """Those that are pending or firing now, with their annotations."""
        found: list[Any] = self.ask("alerts")["alerts"]
        return found


@dataclass
class Service:
    """The processes of the service `shop` and what they are started with."""

    folder: Path
    env: Mapping[str, str]
    source: Path
    """The rendered project."""
    processes: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def mended(self) -> Path:
        """While this file is there, the tasks that fail work."""
        return Path(self.env["SHOP_MENDED"])

    def start(self, name: str, *command: str) -> None:
        """Start a process of the service, such as `worker --queue within_10s`, whose metrics stay on one port."""
        port = self.ports.setdefault(name, free_port())
        env = {
            **self.env,
            "SHOP_METRICS_PORT": str(port),
            "SHOP_HEARTBEAT_FILE": str(self.folder / f"{name}.heartbeat"),
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.source,
                env=env,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if name == "load" else log,
                stderr=log,
                start_new_session=True,
            )

    def start_all(self) -> None:
        """Every process of a service, and the usual load."""
        for name in PROCESSES:
            if name in ("beat", "relay") and not (self.source / f"src/shop/runtime/cli/{name}.py").exists():
                continue
            self.restart(name)
        rates = RATES | ({"outbox:report": 1.0} if "relay" in self.processes else {})
        self.start("load", "tests.alerts.load", json.dumps(rates))

    def restart(self, name: str) -> None:
        """Start it, or start it again."""
        self.start(name, "shop", *PROCESSES[name])

    def publish(self, what: Any) -> None:
        """Tell the load: see `load`."""
        load = self.processes["load"]
        assert load.stdin
        assert load.stdout
        print(json.dumps(what), file=load.stdin, flush=True)
        assert load.stdout.readline() == "done\n", (self.folder / "load.log").read_text()[-2000:]

    def command(self, *arguments: str) -> str:
        """What a command of the service prints."""
        command = [sys.executable, "-m", "shop", *arguments]
        done = subprocess.run(
            command, cwd=self.source, env=self.env, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def python(self, code: str) -> None:
        """Run code that may import the service."""
        subprocess.run([sys.executable, "-c", code], cwd=self.source, env=self.env, check=True, timeout=60)

    def kill(self, name: str) -> None:
        """SIGKILL, for a process and its children."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def children(self, name: str) -> list[int]:
        """The process ids of a worker's pool."""
        listed = Path(f"/proc/{self.processes[name].pid}/task/{self.processes[name].pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def stop(self) -> None:
        """End all of them."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


PROCESSES = {
    "exporter": ["metrics"],
    "worker-10s": ["worker", "--queue", "within_10s"],
    "worker-1m": ["worker", "--queue", "within_1m"],
    "worker-1h": ["worker", "--queue", "within_1h"],
    "beat": ["beat"],
    "relay": ["relay"],
}
"""By name, the arguments of the service's command."""


@contextmanager
def started(folder: Path, broker: str, store: str) -> Iterator[tuple[Service, Prometheus]]:
    """A service that is well, and a Prometheus that has seen so. `store`: redis or postgresql.

    Raises Unavailable where a server cannot be started.
    """
    answers = {"broker": broker, "idempotency_store": store, "queue_layout": "latency", "scheduler": True}
    with RENDERING:
        source = render(folder / "shop", {"package": "shop", "ci": "none", "observe": ["metrics"], **answers})
    shutil.copy(HERE / "broken_tasks.py", source / "src/shop/tasks")
    if (source / "src/shop/runtime/breaker.py").exists():
        shutil.copy(HERE / "broken_circuit.py", source / "src/shop/tasks")
    with ExitStack() as stack:
        urls = {}
        if broker == "rabbitmq":
            management = free_port()
            urls["SHOP_BROKER_URL"] = stack.enter_context(rabbitmq.started(folder, management))
            urls["SHOP_RABBITMQ_MANAGEMENT_URL"] = f"http://127.0.0.1:{management}"
        if store == "postgresql" and (url := stack.enter_context(postgresql())):
            urls["SHOP_IDEMPOTENCY_URL"] = url
        urls |= stack.enter_context(running(folder, {"SHOP_BROKER_URL": broker, "SHOP_IDEMPOTENCY_URL": store}, urls))
        env = {
            **os.environ,
            **urls,
            "PYTHONPATH": os.pathsep.join([str(source / "src"), str(ROOT)]),
            "SHOP_MENDED": str(folder / "mended"),
            "SHOP_BREAKER_RESET": "10",
        }
        service = Service(folder, env, source)
        stack.callback(service.stop)
        if store == "postgresql":
            service.command("migrate")
        service.start_all()
        port = free_port()
        configuration = yaml.safe_load((source / "monitoring/prometheus.yml").read_text())
        (scrape,) = configuration["scrape_configs"]
        del scrape["dns_sd_configs"]  # there are no containers here
        targets = [f"127.0.0.1:{port}" for name, port in service.ports.items() if name != "load"]
        scrape["static_configs"] = [{"targets": targets}]
        (source / "monitoring/prometheus.yml").write_text(yaml.safe_dump(configuration))
        command = [
            "prometheus",
            f"--config.file={source / 'monitoring/prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
        stack.enter_context(serving(command, port, folder / "prometheus.log"))
        prometheus = Prometheus(port)
        until(prometheus.is_ready)
        until(lambda: len(prometheus.query(f'up{{job="{JOB}"}} == 1')) == len(targets), timeout=90, interval=1)
        until(lambda: not prometheus.alerts(), timeout=90, interval=1)
        yield service, prometheus
