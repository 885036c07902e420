"""Prints the names of the series that the processes of the service `shop` export, as JSON."""

import json
import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

__all__ = ["main"]

SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
"""By kind of metric; others have none."""


def main() -> None:
    """Ask each process's collectors, in this one; the exporter's ask the servers."""
    app = import_module("shop.app").app
    url = os.environ["SHOP_IDEMPOTENCY_URL"]
    import_module("shop.runtime.testing.stores").store_module(url).prepare(url)
    metrics = "shop.runtime.observability.metrics"
    collectors = [
        import_module(f"{metrics}.exporter").ExporterCollector(app, 10),
        import_module(f"{metrics}.run_counts").RunCounts([]),
        import_module(f"{metrics}.worker").WorkerCollector(),
        import_module(f"{metrics}.beat").ScheduleCollector(app),
        import_module("prometheus_client").REGISTRY,
    ]
    print(json.dumps(sorted(set(_names(collectors)))))


def _names(collectors: list[Any]) -> Iterator[str]:
    for collector in collectors:
        for family in collector.collect():
            yield from (family.name + suffix for suffix in SUFFIXES.get(family.type, [""]))


if __name__ == "__main__":
    main()
