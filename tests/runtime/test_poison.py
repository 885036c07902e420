"""A task that kills its worker, main process and all, ends as a dead letter instead of killing for ever."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from runtime.testing import Worker
from runtime.testing.processes import Workers

from .combinations import each_broker, on
from .service.calls import publish
from .service.notes import count

pytestmark = each_broker


class Prefetching(Worker):
    """One process, and a prefetch of ten."""

    module = f"{__package__}.service.prefetching"


@on("redis-redis", slow=("rabbitmq-sql",))
def test_what_waits_beside_it_is_not_accused(workers: Workers, services: dict[str, str], tmp_path: Path) -> None:
    workers.stop()

    def prefetching() -> Prefetching:
        return Prefetching(services, tmp_path, workers.console)

    names = [uuid4().hex for _ in range(6)]
    # The first one in the queue: the worker has all of them when it dies for the first time.
    poison = workers.console.call(publish, "tests.kills_the_worker", str(tmp_path), "killed")
    innocent = [workers.console.call(publish, "tests.effect", name, str(tmp_path)) for name in names]
    for _ in range(1 + int(services["RUNTIME_DELIVERY_LIMIT"])):
        with prefetching() as worker:
            worker.process.wait(60)
    with prefetching() as survivor:
        survivor.wait(lambda: all(count(tmp_path, name) for name in names))

        def ids() -> set[str]:
            return {letter["id"] for letter in survivor.command("dead", "list", "--json")}

        survivor.wait(lambda: poison in ids())
        assert not ids() & set(innocent)
        assert [count(tmp_path, name) for name in names] == [1] * len(names)
        assert survivor.process.poll() is None


def test_what_kills_every_worker_becomes_a_dead_letter(
    new_worker: Callable[..., Worker], services: dict[str, str], tmp_path: Path
) -> None:
    # On Redis each redelivery takes a lease. On RabbitMQ the queue is declared with the limit of all these tests.
    limit = 1 if services["RUNTIME_BROKER_URL"].startswith("redis") else int(services["RUNTIME_DELIVERY_LIMIT"])
    for start in range(1 + limit):
        worker = new_worker(DELIVERY_LIMIT=limit)
        if start == 0:
            task_id = worker.call(publish, "tests.kills_the_worker", str(tmp_path), "killed")
        worker.process.wait(60)
    survivor = new_worker(DELIVERY_LIMIT=limit)

    def listed(*options: str) -> list[Any]:
        found: list[Any] = survivor.command("dead", "list", "--json", *options)
        return found

    (letter,) = survivor.wait(lambda: [each for each in listed() if each["id"] == task_id])
    assert letter["task"] == "tests.kills_the_worker"
    assert letter["reason"].startswith("DeliveryLimit")
    assert letter["args"] == [str(tmp_path), "killed"]
    assert letter["attempts"] == 1 + limit
    assert letter["first"] < letter["last"]
    assert survivor.command("dead", "show", task_id) == letter
    assert letter in listed("--since", letter["last"])
    after = datetime.fromisoformat(letter["last"]) + timedelta(seconds=1)
    assert letter not in listed("--since", after.isoformat())
    assert count(tmp_path, "killed") == 1 + limit
    assert survivor.process.poll() is None
