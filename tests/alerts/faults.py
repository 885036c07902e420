"""Twelve faults: how each is planted in a running service, and mended."""

import json
import os
import signal
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from redis import Redis

from runtime.testing.servers import rabbitmq
from runtime.testing.servers.process import until

from .service import PROCESSES, Prometheus, Service

__all__ = ["FAULTS", "Fault", "Seen", "watched"]

WATCHED = 60
"""Seconds for which a fault is left, in which its alert has to fire and no other one may."""


@dataclass(frozen=True)
class Fault:
    """What is done to a service, and undone."""

    alert: str
    """The one that has to fire; empty where none may."""
    plant: Callable[[Service], object]
    mend: Callable[[Service], object]
    stores: Mapping[str, str] = field(default_factory=lambda: {"redis": "postgresql", "rabbitmq": "postgresql"})
    """By the brokers on which it is planted, the idempotency store that the service has then."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a planted fault."""

    seconds: float | None
    """From planting it to the evaluation that made its alert fire; None if none did."""
    others: tuple[str, ...]
    """The other alerts that fired."""
    resolved: float | None
    """Seconds from mending it to no alert; None if one stayed."""


def watched(fault: Fault, service: Service, prometheus: Prometheus) -> Seen:
    """Plant a fault in a service that is well, look at the alerts, mend it, and wait until there is none."""
    service.mended.unlink(missing_ok=True)
    planted = time.time()
    fault.plant(service)
    until(lambda: time.time() - planted > WATCHED, timeout=2 * WATCHED, interval=1)
    fired = prometheus.fired(planted)
    mended = time.time()
    service.mended.touch()
    fault.mend(service)
    resolved = None
    with suppress(TimeoutError):
        until(lambda: not prometheus.alerts(), timeout=240, interval=1)
        resolved = time.time() - mended
    everything = prometheus.fired(planted)
    seconds = fired[fault.alert] - planted if fault.alert in fired else None
    return Seen(seconds, tuple(sorted(everything.keys() - {fault.alert})), resolved)


def redis_of(service: Service) -> "Redis":
    """The server of the broker."""
    return Redis.from_url(service.env["SHOP_BROKER_URL"], decode_responses=True)


def fill_memory(service: Service) -> None:
    """Leave little room below the limit, but some: what is beyond it is refused."""
    used = redis_of(service).info("memory")["used_memory"]
    redis_of(service).config_set("maxmemory", used * 8 // 7)


def management(service: Service, method: str, path: str, body: object = None) -> Any:
    """Ask RabbitMQ's management plugin."""
    request = Request(f"{service.env['SHOP_RABBITMQ_MANAGEMENT_URL']}/api/{path}", method=method)
    request.add_header("Authorization", f"Basic {b64encode(b'guest:guest').decode()}")
    request.add_header("Content-Type", "application/json")
    with urlopen(request, json.dumps(body).encode() if body is not None else None, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def limit_memory(service: Service) -> None:
    """Leave hardly any room below the limit at which RabbitMQ blocks publishers."""
    (node,) = management(service, "GET", "nodes")
    set_watermark(service, "absolute", str(node["mem_used"] * 10 // 9))


def set_watermark(service: Service, *limit: str) -> None:
    """Set the limit by RabbitMQ's own command, which finds the cookie of a private server in its folder."""
    port = urlsplit(service.env["SHOP_BROKER_URL"]).port
    command = ["rabbitmqctl", "-n", f"dev{port}@localhost", "set_vm_memory_high_watermark", *limit]
    places = os.pathsep.join([*rabbitmq.PLACES, os.environ["PATH"]])
    env = {**service.env, "HOME": str(service.folder / "rabbitmq"), "PATH": places}
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=60)


def deafen(service: Service) -> None:
    """Let a worker go on without its consumer."""
    service.python("from shop.app import app; app.control.cancel_consumer('shop.within_10s')")


def signalled(name: str, number: signal.Signals) -> Callable[[Service], None]:
    """A signal for every process of a worker's pool."""

    def send(service: Service) -> None:
        for pid in service.children(name):
            os.kill(pid, number)

    return send


def replace(name: str) -> Callable[[Service], None]:
    """Kill a process, and start it again."""

    def kill_and_start(service: Service) -> None:
        service.kill(name)
        service.restart(name)

    return kill_and_start


def deploy(service: Service) -> None:
    """Replace one process after the other, as a deployment does, while one of the workers has a long run to finish."""
    service.publish(["serve", [8], 4])
    for name in PROCESSES:
        if name in service.processes:
            service.processes[name].terminate()
            service.processes[name].wait(60)
            service.restart(name)


def publish(*what: object) -> Callable[[Service], None]:
    """See `load`."""

    def tell(service: Service) -> None:
        for each in what:
            service.publish(each)

    return tell


FAULTS: dict[str, Fault] = {
    "none: a deployment": Fault("", deploy, lambda service: None),
    "oldest message too old": Fault(
        "CeleryOldestMessageTooOld", publish({"serve": 0}, ["serve", [8], 24]), publish({"serve": 2})
    ),
    "backlog grows": Fault("CeleryBacklogGrows", publish({"serve": 20}), publish({"serve": 2})),
    "dead letters arrive": Fault(
        "CeleryDeadLetters",
        publish(["fail", [], 3]),
        lambda service: service.command("dead", "purge", "--queue", "within_1m"),
    ),
    "no worker on a queue": Fault(
        "CeleryQueueWithoutWorker",
        lambda service: service.kill("worker-1m"),
        lambda service: service.restart("worker-1m"),
    ),
    "deaf worker": Fault("CeleryWorkerDeaf", deafen, replace("worker-10s")),
    "pool stuck": Fault(
        "CeleryPoolStuck", signalled("worker-10s", signal.SIGSTOP), signalled("worker-10s", signal.SIGCONT)
    ),
    "retry storm": Fault("CeleryRetryStorm", publish(["call", [], 10]), lambda service: None),
    "duplicate storm": Fault("CeleryDuplicateStorm", publish({"charge": 3}), publish({"charge": 0})),
    "schedule stopped": Fault(
        "CeleryScheduleLate", lambda service: service.kill("beat"), lambda service: service.restart("beat")
    ),
    "broker persistence wrong": Fault(
        "CeleryBrokerUnsafe",
        lambda service: redis_of(service).config_set("appendonly", "no"),
        lambda service: redis_of(service).config_set("appendonly", "yes"),
        {"redis": "postgresql"},
    ),
    "broker drops messages": Fault(
        "CeleryBrokerUnsafe",
        lambda service: management(
            service, "PUT", "policies/%2F/limit", {"pattern": "^shop", "definition": {"max-length": 1_000_000}}
        ),
        lambda service: management(service, "DELETE", "policies/%2F/limit"),
        {"rabbitmq": "postgresql"},
    ),
    "broker memory nearly full": Fault(
        "CeleryBrokerUnsafe", limit_memory, lambda service: set_watermark(service, "0.4"), {"rabbitmq": "postgresql"}
    ),
    "broker memory full": Fault(
        "CeleryBrokerUnsafe",
        fill_memory,
        lambda service: redis_of(service).config_set("maxmemory", "0"),
        {"redis": "postgresql"},
    ),
    "relay behind": Fault(
        "CeleryRelayBehind", lambda service: service.kill("relay"), lambda service: service.restart("relay")
    ),
    "open circuit": Fault(
        "CeleryCircuitOpen",
        publish(["transfer", [], 12]),
        lambda service: None,
        {"redis": "postgresql", "rabbitmq": "redis"},
    ),
}
"""By name, in the order in which they are planted."""
