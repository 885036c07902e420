"""What a worker's main process tells Prometheus: what it and its pool have counted, and how the worker is."""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.worker import state
from prometheus_client import CollectorRegistry, Metric, ProcessCollector, mmap_dict, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ...worker import health

__all__ = ["PoolFiles", "WorkerCollector", "is_alive", "worker_registry"]

LIBRARY: Any = multiprocess
FILE: Any = mmap_dict.MmapedDict
"""Both without types."""

ENDED = "ended"
"""Stands for a process's id in the names of the files that hold what all processes that have ended counted."""


class PoolFiles(Collector):
    """Adds up what the processes of the pool, those that have ended too, and this one have counted in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._pid, self._lock = folder, os.getpid(), threading.Lock()
        # A process that ends has another one take its place: so there are never more files than processes.
        os.register_at_fork(before=self._before_fork)

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        with self._lock:
            self._fold()
            files = [str(file) for file in self._folder.glob("*.db") if file.stat().st_size]  # one may be just created
            metrics: Iterable[Metric] = LIBRARY.MultiProcessCollector.merge(files)
            return metrics

    def _before_fork(self) -> None:
        if os.getpid() == self._pid:
            with self._lock:
                self._fold()

    def _fold(self) -> None:
        """Add what ended processes have counted to the files for all of them; their gauges end with them."""
        for file in self._folder.glob("*_*.db"):
            kind, _, pid = file.stem.rpartition("_")
            if not pid.isdecimal() or is_alive(int(pid)):
                continue
            if file.stat().st_size and not kind.startswith("gauge"):
                total = FILE(str(file.with_name(f"{kind}_{ENDED}.db")))
                for key, value, *_ in FILE.read_all_values_from_file(str(file)):
                    total.write_value(key, total.read_value(key)[0] + value, 0.0)
                total.close()
            file.unlink()


class WorkerCollector(Collector):
    """How the worker of this process is, when it is asked."""

    def __init__(self) -> None:
        self._worker: Any = None

    def watch(self, instance: Any, **_: Any) -> None:
        """Be told Celery's WorkController (signal `celeryd_after_setup`)."""
        self._worker = instance

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        seen = health.current()
        pool, consumer = (getattr(self._worker, name, None) for name in ("pool", "consumer"))
        yield _gauge("slots", "Runs that the worker can do at once.", pool.num_processes if pool else 0)
        yield _gauge("slots_busy", "Runs that it does.", len(state.active_requests))
        received_at = getattr(consumer, "received_at", 0.0)
        yield _gauge("last_message_timestamp_seconds", "When a message came last; 0: none has come yet.", received_at)
        yield _gauge("connected", "Whether the worker is connected to the broker.", seen.connected)
        yield _gauge("pool_stuck", "Whether every slot of its pool hangs.", seen.pool_stuck)
        consuming = GaugeMetricFamily(
            "celery_worker_consuming", "Whether the worker would be given a message of the queue.", labels=["queue"]
        )
        for queue, consumes in seen.consuming.items():
            consuming.add_metric([queue], consumes)
        yield consuming


def worker_registry(collector: WorkerCollector, folder: Path) -> CollectorRegistry:
    """What is scraped from a worker's main process; `folder` holds what its processes count."""
    registry = CollectorRegistry()
    registry.register(PoolFiles(folder))
    registry.register(collector)
    ProcessCollector(registry=registry)
    return registry


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"celery_worker_{name}", text, value=value)


def is_alive(pid: int) -> bool:
    """Whether there is a process of this id."""
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
