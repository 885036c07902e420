"""The compose file follows from the queue table."""

from pathlib import Path

import yaml

from myservice.queues import Queue
from myservice.settings import settings
from myservice.times import grace_period

SERVICES = yaml.safe_load((Path(__file__).parents[1] / "compose.yaml").read_text())["services"]


def test_each_queue_has_workers_of_its_own_that_get_their_grace() -> None:
    workers = {name: service for name, service in SERVICES.items() if name.startswith("worker-")}
    assert {tuple(service["command"]) for service in workers.values()} == {
        ("worker", "--queue", queue.value.name) for queue in Queue
    }
    for queue in Queue:
        service = workers[f"worker-{queue.value.name.replace('_', '-')}"]
        assert service["stop_grace_period"] == f"{grace_period([queue.value], settings().shutdown_limit)}s"
