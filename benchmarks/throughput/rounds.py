"""Runs the rounds: `python -m benchmarks.throughput.rounds` prints JSON. The rendered services have to be on the path.

Rounds alternate between the variants, since a shared machine drifts. Drained: the tasks wait before the worker starts;
from the first tenth to the last task. End to end: one process publishes them while the worker consumes.
"""

import argparse
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import mean
from typing import Any

import amqp
from redis import Redis

from runtime.testing.servers import rabbitmq
from runtime.testing.servers import redis as redis_server
from runtime.testing.servers.process import STARTED
from runtime.testing.servers.process import until as until_by
from tests.runtime.observability.endpoints import collector

from .processes import cpu, family, memory
from .turns import ratio
from .variants import PACKAGES, Variant, variants

__all__ = ["main"]

DEADLINE = 300
"""Seconds for whatever has to happen."""

until = partial(until_by, timeout=DEADLINE, interval=0.01)
Figures = dict[str, list[float]]


class Broker:
    """A private server, and what waits in it."""

    def __init__(self, kind: str, url: str, pid: int) -> None:
        self.kind, self.url, self.pid = kind, url, pid
        self._redis = Redis.from_url(url) if kind == "redis" else None
        self._open: Any = None

    def waiting(self, variant: Variant) -> int:
        """Messages that are not dealt with; on RabbitMQ those that no worker has taken yet."""
        if self._redis is not None:
            kinds = {b"list": self._redis.llen, b"hash": self._redis.hlen}
            return sum(int(kinds[kind](key)) for key in variant.waits if (kind := self._redis.type(key)) in kinds)
        try:
            return sum(self._channel().queue_declare(queue, passive=True).message_count for queue in variant.waits)
        except amqp.NotFound:
            return 0

    def _channel(self) -> Any:
        if self._open is None or not self._open.is_open:
            host = self.url.rpartition("@")[2].rstrip("/")
            self._connection = amqp.Connection(host)
            self._connection.connect()
            self._open = self._connection.channel()
        return self._open


def main() -> None:
    """Measure every variant on every broker, round by round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--broker", action="append", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--turns", type=int)
    parser.add_argument("--sql", required=True)
    options = parser.parse_args()
    results: dict[str, dict[str, Figures]] = {}
    # As a server is deployed, with a scheduler for each core.
    os.environ.setdefault("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "")
    with ExitStack() as stack:
        stack.callback(lambda: print(json.dumps(results)))  # what was measured before a failure, too
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        store, _ = stack.enter_context(started("redis", folder / "store"))
        traces = stack.enter_context(collector()).url
        prepare(options.sql)
        for kind in options.broker:
            url, pid = stack.enter_context(started(kind, folder / kind))
            broker = Broker(kind, url, pid)
            figures = results[kind] = {}
            every = variants(kind, {"broker": url, "redis": store, "sql": options.sql, "collector": traces})
            chosen = [each for each in every if re.search(options.only, each.name)]
            if options.turns:
                for variant in chosen:
                    if re.search("metrics|traces", variant.name):
                        figures[variant.name] = turns(variant, broker, options.turns)
                continue
            for number in range(options.rounds):
                for variant in chosen[:: -1 if number % 2 else 1]:  # none is always the one after the same other
                    print(
                        f"{kind}, round {number + 1} of {options.rounds}: {variant.name}", file=sys.stderr, flush=True
                    )
                    measured = figures.setdefault(variant.name, defaultdict(list))
                    for name, figure in measure(variant, broker, options.tasks).items():
                        measured[name].append(figure)


def measure(variant: Variant, broker: Broker, tasks: int) -> dict[str, float]:
    """One round of one variant: rates a second, microseconds of CPU a task, MiB."""
    env = {**os.environ, **variant.env}
    began, published = publish(variant, env, tasks)
    figures = {"published": tasks / (published - began)}
    until(lambda: broker.waiting(variant) >= tasks)
    with worker(variant, env) as main_pid:
        until(lambda: broker.waiting(variant) <= 0.9 * tasks)
        left, began = broker.waiting(variant), time.monotonic()
        parts = {"main": [main_pid], "children": family(main_pid)[1:], "broker": family(broker.pid)}
        before = {part: cpu(pids) for part, pids in parts.items()}
        until(lambda: broker.waiting(variant) == 0)
        figures["drained"] = left / (time.monotonic() - began)
        for part, pids in parts.items():
            figures[part] = (cpu(pids) - before[part]) * 1_000_000 / left
        began, _ = publish(variant, env, tasks)
        until(lambda: broker.waiting(variant) == 0)
        figures["end to end"] = tasks / (time.time() - began)
        figures["main MiB"] = memory(main_pid)
        figures["child MiB"] = mean(memory(child) for child in parts["children"])
    return figures


def turns(variant: Variant, broker: Broker, seconds: int) -> dict[str, list[float]]:
    """Runs a second of a variant that observes in turns: see the module `turns`."""
    print(f"{broker.kind}: {variant.name}, {seconds} s", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, **variant.env, "BENCH_TURNS": folder}
        with worker(variant, env):
            steady = dataclasses.replace(variant, publish=(*variant.publish[:2], "for seconds"))
            publish(steady, env, seconds, DEADLINE + seconds)
            until(lambda: broker.waiting(variant) == 0)
        return ratio(Path(folder).iterdir())


def publish(variant: Variant, env: dict[str, str], tasks: int, deadline: float = DEADLINE) -> tuple[float, float]:
    """Publish from a process of its own that is warm, within `deadline` seconds; when it began and when it ended."""
    module, *arguments = variant.publish
    command = [sys.executable, "-m", "benchmarks.throughput.publish", module, json.dumps([*arguments, tasks])]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=deadline)
    if done.returncode:
        raise RuntimeError(f"expected {variant.name} to publish, got: {done.stderr}")
    began, ended = done.stdout.splitlines()[-1].split()
    return float(began), float(ended)


@contextmanager
def worker(variant: Variant, env: dict[str, str]) -> Iterator[int]:
    """Its main process."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(variant.worker, env=env, stdout=log, stderr=log)
        try:
            yield process.pid
        except BaseException:
            log.seek(0)
            print(log.read().decode()[-4000:], file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait(timeout=DEADLINE)


@contextmanager
def started(kind: str, folder: Path) -> Iterator[tuple[str, int]]:
    """A private server as a service's own tests start it: its URL and its pid."""
    folder.mkdir()
    server: Any = {"redis": redis_server, "rabbitmq": rabbitmq}[kind]
    with server.started(folder) as url:
        yield server.url(url, 0), STARTED[-1].process.pid


def prepare(sql: str) -> None:
    """Tables for the effects and for the keys."""
    from sqlalchemy import text

    for package, answers in PACKAGES.items():
        if answers.get("idempotency_store") == "postgresql":
            import_module(f"{package}.runtime.idempotency.sql.migrations").migrate(sql)
    with import_module("sql_redis.runtime.idempotency.sql.database").engine_of(sql).begin() as connection:
        connection.execute(text("CREATE TABLE bench_effects (number integer NOT NULL)"))


if __name__ == "__main__":
    main()
