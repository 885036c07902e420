"""Nothing is lost when workers or the broker are killed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from .support import LEASE, Server, Service, running, until


def freeze_and_kill(service: Service, names: list[str]) -> None:
    """A worker that waits is frozen, gets work, and dies before it can look at it."""
    worker = service.worker()
    service.send("note", f"before-{names[0]}")
    until(lambda: service.effects()[f"before-{names[0]}"], "the worker to work")
    os.kill(worker.pid, signal.SIGSTOP)
    for name in names:
        service.send("note", name)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def never_run(service: Service, redis: Server, names: list[str]) -> set[str]:
    """Let a new worker do all that the broker still knows of, and return the rest."""
    worker, client = service.worker(), redis.client()
    until(lambda: not client.llen("work") and not client.hlen("unacked"), "nothing to be left")
    worker.kill()
    worker.wait()
    return {name for name in names if not service.effects()[name]}


def run_until(service: Service, share: int) -> None:
    """Let a worker work until so many tasks have run, then kill its main process."""
    worker = service.worker("-c", "2", pool="prefork")
    until(lambda: len(service.effects()) >= share, f"{share} tasks to run")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def test_a_frozen_and_killed_worker_takes_nothing_with_it(redis: Server, make_service: Callable[..., Service]) -> None:
    service = make_service(redis.url, options={"priority_steps": [0]})  # so that it waits on the one list there is
    names = [f"task{number}" for number in range(3)]
    freeze_and_kill(service, names)
    service.worker()
    until(lambda: all(service.effects()[name] for name in names), "every task to run")
    assert {service.effects()[name] for name in names} == {1}


def test_stock_delivery_loses_what_a_frozen_worker_popped(redis: Server, make_service: Callable[..., Service]) -> None:
    service = make_service(
        redis.url,
        delivery="stock",
        options={"unacked_restore_interval": 1, "unacked_restore_throttle": 1},
    )
    lost: set[str] = set()
    for attempt in range(3):  # once a second stock waits anew: a freeze at that moment loses nothing
        names = [f"attempt{attempt}-task{number}" for number in range(3)]
        freeze_and_kill(service, names)
        lost = never_run(service, redis, names)
        if lost:
            break
    assert lost, "expected stock delivery to lose a task; if it no longer does, this transport has no purpose"


def test_killed_workers_lose_none_of_many_fast_tasks(redis: Server, service: Service) -> None:
    names = [f"task{number}" for number in range(600)]
    for name in names:
        service.send("note", name)
    for share in (100, 250, 400):
        run_until(service, share)
    service.worker("-c", "2", pool="prefork")
    until(lambda: set(service.effects()) == set(names), "every task to run")
    client = redis.client()
    until(lambda: not client.llen("work") and not client.hlen("unacked"), "nothing to be left")


def test_a_restarted_broker_is_consumed_again(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    with running(Server(tmp_path / "redis")) as server:
        service = make_service(server.url)
        worker = service.worker("-c", "2", pool="prefork")
        for number in range(20):
            service.send("note", f"before{number}", 0.1)
        until(lambda: len(service.effects()) >= 4, "some tasks to run")
        server.kill()
        server.start()
        for number in range(5):
            service.send("note", f"after{number}")
        expected = {f"before{n}" for n in range(20)} | {f"after{n}" for n in range(5)}
        until(lambda: set(service.effects()) == expected, "every task to run")
        assert worker.poll() is None
        assert service.pings()


def test_an_acknowledgement_does_not_wait_for_the_drain_to_end(redis: Server, service: Service) -> None:
    worker = service.worker("-c", "2", pool="prefork")
    service.send("note", "long", 30)
    service.send("note", "short", 3)
    client = redis.client()
    until(lambda: service.logs().count(" received") == 2, "the pool to have both")
    time.sleep(1)  # Celery's own pool, which is this one's, forgets at SIGTERM what it has not yet heard to have begun
    os.kill(worker.pid, signal.SIGTERM)
    until(lambda: service.effects()["short"], "the short task to finish in the drain")
    until(lambda: client.hlen("unacked") == 1, "its acknowledgement")
    assert worker.poll() is None


def test_a_warm_shutdown_gives_back_at_once_what_it_holds(redis: Server, service: Service) -> None:
    worker = service.worker()
    for number in range(3):
        service.send("note", f"later{number}", countdown=60)
    client = redis.client()
    until(lambda: client.hlen("unacked") == 3, "the countdowns to be claimed")
    os.kill(worker.pid, signal.SIGTERM)
    worker.wait(timeout=20)
    assert (client.llen("work"), client.hlen("unacked"), client.zcard("unacked_index")) == (3, 0, 0)
    assert b"x-delivery-count" not in b"".join(client.lrange("work", 0, -1))


def test_a_dead_workers_countdown_reaches_the_next_one(redis: Server, service: Service) -> None:
    worker = service.worker()
    service.send("note", "later", countdown=2 * LEASE)
    client = redis.client()
    until(lambda: client.hlen("unacked") == 1, "the countdown to be claimed")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    service.worker()
    until(lambda: service.effects()["later"], "the task to run")
