"""The compose file follows from the queue table: `asyncgen sync-queues` brings it up to it."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

COMPOSE = yaml.safe_load((Path(__file__).parents[1] / "compose.yaml").read_text(encoding="utf-8"))


def test_each_queue_has_workers_of_its_own_that_get_their_grace_period() -> None:
    command = [sys.executable, "-m", "myservice", "queues", "--json"]
    table = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    workers = [service for name, service in COMPOSE["services"].items() if name.startswith("worker-")]
    graces = {tuple(service["command"]): service["stop_grace_period"] for service in workers}
    assert graces == {("worker", "--queue", row["queue"]): f"{row['grace_period']}s" for row in table}
