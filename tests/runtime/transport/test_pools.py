"""Every pool: what is longer than a lease happens once, though another worker is waiting for it."""

import os
import signal
from collections.abc import Callable
from importlib.util import find_spec

import pytest

from runtime.testing.servers.process import Server, until

from .support import LEASE, Service, connect, url_of

LONG = 1.5 * LEASE
"""Seconds: an expired lease is reclaimed after at most 4/3 of it."""
POOLS = ["prefork", "threads", "solo"]
GREEN = pytest.param(
    "gevent",
    marks=[
        pytest.mark.slow,
        pytest.mark.skipif(find_spec("gevent") is None, reason="expected gevent to be installed, got: nothing"),
    ],
)


@pytest.mark.parametrize("pool", [*POOLS, GREEN])
def test_what_is_longer_than_a_lease_happens_once(pool: str, redis: Server, service: Service) -> None:
    first = service.worker("-c", "2", pool=pool)
    service.send("note", "long", LONG)
    service.send("note", "behind the long one", LONG)
    service.send("later", "retried", LONG)
    service.send("note", "countdown", countdown=LONG)
    until(lambda: connect(redis).hlen("unacked") >= 2)
    second = service.worker("-c", "2", pool=pool)
    expected = {"long", "behind", "the", "one", "retried-0", "retried-1", "countdown"}
    until(lambda: set(service.effects()) == expected)
    client = connect(redis)
    until(lambda: not client.llen("work") and not client.hlen("unacked"))
    assert service.effects() == dict.fromkeys(expected - {"long"}, 1) | {"long": 2}
    assert first.poll() is second.poll() is None


@pytest.mark.parametrize("pool", [*POOLS, GREEN])
def test_many_tasks_are_worked_off_and_remote_control_answers(pool: str, redis: Server, service: Service) -> None:
    for number in range(100):
        service.send("note", f"task{number}")
    service.worker("-c", "2", pool=pool)
    until(lambda: len(service.effects()) == 100)
    assert set(service.effects().values()) == {1}
    until(lambda: not connect(redis).hlen("unacked"))
    assert service.pings() == {"w0@test"}


@pytest.mark.parametrize("pool", ["prefork", pytest.param("threads", marks=pytest.mark.slow)])
def test_without_prefetch_a_worker_claims_no_more_than_it_runs(
    pool: str, redis: Server, make_service: Callable[..., Service]
) -> None:
    service = make_service(url_of(redis))
    service.worker("-c", "2", "--disable-prefetch", pool=pool)
    for number in range(6):
        service.send("note", f"task{number}", 0.5)
    client = connect(redis)
    most = 0

    def done() -> bool:
        nonlocal most
        most = max(most, client.hlen("unacked"))
        return len(service.effects()) == 6

    until(done)
    assert most <= 2
    assert set(service.effects().values()) == {1}


@pytest.mark.slow
def test_a_frozen_worker_loses_its_leases_and_only_repeats(redis: Server, service: Service) -> None:
    frozen = service.worker()
    service.send("note", "task", LONG)
    until(lambda: connect(redis).hlen("unacked") == 1)
    os.kill(frozen.pid, signal.SIGSTOP)
    service.worker()
    until(lambda: service.effects()["task"] == 1)
    os.kill(frozen.pid, signal.SIGCONT)
    until(lambda: service.effects()["task"] == 2)
    client = connect(redis)
    until(lambda: not client.llen("work") and not client.hlen("unacked"))
