"""Nothing is lost when workers or the broker are killed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.testing.servers.process import Server, until

from .support import LEASE, Service, connect, redis_server, url_of


def freeze_and_kill(service: Service, names: list[str]) -> None:
    """A worker that waits is frozen, gets work, and dies before it can look at it."""
    worker = service.worker()
    service.send("note", f"before-{names[0]}")
    until(lambda: service.effects()[f"before-{names[0]}"])
    os.kill(worker.pid, signal.SIGSTOP)
    for name in names:
        service.send("note", name)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def never_run(service: Service, redis: Server, names: list[str]) -> set[str]:
    """Let a new worker do all that the broker still knows of, and return the rest."""
    worker, client = service.worker(), connect(redis)
    until(lambda: not client.llen("work") and not client.hlen("unacked"))
    worker.kill()
    worker.wait()
    return {name for name in names if not service.effects()[name]}


def run_until(service: Service, share: int) -> None:
    """Let a worker work until so many tasks have run, then kill its main process."""
    worker = service.worker("-c", "2", pool="prefork")
    until(lambda: len(service.effects()) >= share)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def test_a_frozen_and_killed_worker_takes_nothing_with_it(redis: Server, make_service: Callable[..., Service]) -> None:
    service = make_service(url_of(redis), options={"priority_steps": [0]})  # so that it waits on the one list there is
    names = [f"task{number}" for number in range(3)]
    freeze_and_kill(service, names)
    service.worker()
    until(lambda: all(service.effects()[name] for name in names))
    assert {service.effects()[name] for name in names} == {1}


def test_stock_delivery_loses_what_a_frozen_worker_popped(redis: Server, make_service: Callable[..., Service]) -> None:
    service = make_service(
        url_of(redis),
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


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_workers_lose_none_of_many_fast_tasks(redis: Server, service: Service, kills: int) -> None:
    names = [f"task{number}" for number in range(100 * (kills + 1))]
    for name in names:
        service.send("note", name)
    for number in range(kills):
        run_until(service, 60 + 90 * number)
    service.worker("-c", "2", pool="prefork")
    until(lambda: set(service.effects()) == set(names))
    client = connect(redis)
    until(lambda: not client.llen("work") and not client.hlen("unacked"))


def test_a_restarted_broker_is_consumed_again(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    with redis_server(tmp_path / "redis") as server:
        service = make_service(url_of(server))
        worker = service.worker("-c", "2", pool="prefork")
        for number in range(20):
            service.send("note", f"before{number}", 0.1)
        until(lambda: len(service.effects()) >= 4)
        server.kill()
        server.start()
        for number in range(5):
            service.send("note", f"after{number}")
        expected = {f"before{n}" for n in range(20)} | {f"after{n}" for n in range(5)}
        until(lambda: set(service.effects()) == expected)
        assert worker.poll() is None
        assert service.pings()


def test_an_acknowledgement_does_not_wait_for_the_drain_to_end(redis: Server, service: Service) -> None:
    worker = service.worker("-c", "2", pool="prefork")
    service.send("note", "long", 30)
    service.send("note", "short", 2)
    client = connect(redis)
    # Celery's own pool, which is this one's, forgets at SIGTERM what it does not know yet to have begun.
    until(lambda: service.active() == 2)
    os.kill(worker.pid, signal.SIGTERM)
    until(lambda: service.effects()["short"])
    until(lambda: client.hlen("unacked") == 1)
    assert worker.poll() is None


def test_a_warm_shutdown_requeues_at_once_what_it_holds(redis: Server, service: Service) -> None:
    worker = service.worker()
    for number in range(3):
        service.send("note", f"later{number}", countdown=60)
    client = connect(redis)
    until(lambda: client.hlen("unacked") == 3)
    os.kill(worker.pid, signal.SIGTERM)
    worker.wait(timeout=20)
    assert (client.llen("work"), client.hlen("unacked"), client.zcard("unacked_index")) == (3, 0, 0)
    assert b"x-delivery-count" not in b"".join(client.lrange("work", 0, -1))


def test_a_dead_workers_countdown_reaches_the_next_one(redis: Server, service: Service) -> None:
    worker = service.worker()
    service.send("note", "later", countdown=1.5 * LEASE)
    client = connect(redis)
    until(lambda: client.hlen("unacked") == 1)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    service.worker()
    until(lambda: service.effects()["later"])
