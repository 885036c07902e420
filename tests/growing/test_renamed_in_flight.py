"""A task is renamed while its messages are on their way, beside workers and publishers that have it as before."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from runtime.testing.servers import running
from runtime.testing.servers.process import until
from tests.real_redis import require_redis
from tests.rolling.releases import Release, Worker

from .commands import asyncgen, inside

START = "from shop.workflows import checkout; checkout.start({}, workflow_id={!r})"
DELAY = "from shop.tasks import {0}; {0}.delay({1})"


def publish(release: Release, code: str) -> None:
    subprocess.run([sys.executable, "-c", code], env=release.env, check=True, timeout=60)


def ended(worker: Worker, event: str) -> list[str]:
    """The keys of the runs that ended so, in the worker's log."""
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
    return [line["key"].removeprefix("shop.tasks.") for line in lines if line.get("event") == event]


def test_both_names_are_one_task_in_messages_and_keys(make: Callable[..., Path], tmp_path: Path) -> None:
    require_redis()
    service = make(tmp_path)
    with inside(service):
        for name in ("charge", "ship"):
            assert asyncgen("add-task", name, "--arg", "order_id:int", "--key", "order_id").code == 0
        assert asyncgen("add-workflow", "checkout", "--chain", "charge,ship").code == 0
    with inside(Path(shutil.copytree(service, tmp_path / "renamed" / "shop"))) as renamed:
        assert asyncgen("rename-task", "charge", "pay").code == 0
    with running(tmp_path, {"SHOP_BROKER_URL": "redis", "SHOP_IDEMPOTENCY_URL": "redis"}, {}) as urls:
        old, new = (Release(folder.parent.name, folder, tmp_path, urls) for folder in (service, renamed))
        _check(old, new)


def _check(old: Release, new: Release) -> None:
    with old.worker() as worker:
        publish(old, START.format(1, "one"))
        until(lambda: ended(worker, "done") == ["charge.charge:[1]", "ship.ship:[1]"])

    publish(old, START.format(2, "two"))
    with new.worker() as worker:
        # What was on its way is done, and so is what follows it.
        until(lambda: ended(worker, "done") == ["charge.charge:[2]", "ship.ship:[2]"])
        # What was done under the former name is not done again, as a step or by itself.
        publish(new, START.format(1, "one"))
        until(lambda: ended(worker, "duplicate") == ["charge.charge:[1]", "ship.ship:[1]"])
        publish(new, DELAY.format("pay", 2))
        publish(old, DELAY.format("charge", 1))
        until(lambda: len(ended(worker, "duplicate")) == 4)
        assert sorted(ended(worker, "duplicate")[2:]) == ["charge.charge:[1]", "charge.charge:[2]"]

    publish(new, DELAY.format("pay", 3))
    with old.worker() as worker:
        until(lambda: ended(worker, "done") == ["charge.charge:[3]"])
