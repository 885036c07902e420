"""A rolling deployment: workers and publishers of two releases share a broker, a store, and what is in them.

`make test` runs it from 0.2.0 on and on Redis, `make test-all` from every release on and on both brokers.
"""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from redis import Redis

from runtime.testing.servers.process import until
from tests.update.histories import earlier

from .releases import Release

FROM = ["0.2.0", *(pytest.param(name, marks=pytest.mark.slow) for name in earlier() if name != "0.2.0")]
Rolling = Callable[[str, str], tuple[Release, Release]]


def new_order() -> str:
    return uuid4().hex


@pytest.mark.parametrize("release", FROM)
@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.slow)])
def test_each_release_runs_what_the_other_has_published(rolling: Rolling, broker: str, release: str) -> None:
    old, new = rolling(broker, release)
    if broker == "rabbitmq":
        old.command("migrate")
        assert new.command("migrate") == "nothing to apply\n"
    first, second, delayed, failing = (new_order() for _ in range(4))

    with new.worker():
        old.publish(({"order": first}, {}), ({"order": delayed}, {"countdown": 2}))
        until(lambda: new.done(first) == new.done(delayed) == [new.name])

    again = new_order()
    with old.worker() as worker:
        new.publish(
            ({"order": first}, {}),
            ({"order": second}, {}),
            ({"order": again}, {"countdown": 2}),
            ({"order": failing, "fail_in": old.name}, {"task_id": failing}),
        )
        until(lambda: old.done(second) == old.done(again) == [old.name] and old.begun(failing))
        worker.wait_for_event("duplicate")
    assert old.done(first) == [new.name], "the new release's key drops the old one's duplicate"

    last = new_order()
    with new.worker() as worker:
        old.publish(({"order": second}, {}), ({"order": last}, {}))
        (letter,) = json.loads(new.command("dead", "list", "--json"))
        assert (letter["id"], letter["task"]) == (failing, "shop.tasks.record_order.record_order")
        assert "ValueError: it cannot work in this release" in letter["reason"]
        (replayed,) = json.loads(new.command("dead", "replay", "--json", failing))
        assert replayed["id"] == failing
        until(lambda: new.done(last) == new.done(failing) == [new.name])
        worker.wait_for_event("duplicate")
    assert new.done(second) == [old.name], "the old release's key drops the new one's duplicate"
    assert json.loads(new.command("dead", "list", "--json")) == []


@pytest.mark.parametrize("release", FROM)
@pytest.mark.parametrize("died", ["old", "new"])
def test_what_a_dead_worker_held_is_reclaimed_by_the_other_release(rolling: Rolling, died: str, release: str) -> None:
    old, new = rolling("redis", release)
    dead, alive = (old, new) if died == "old" else (new, old)
    order = new_order()
    with dead.worker() as worker:
        dead.publish(({"order": order, "stall_in": dead.name}, {}))
        until(lambda: dead.begun(order))
        worker.kill()
    with Redis.from_url(dead.urls["SHOP_BROKER_URL"]) as client:
        assert client.hlen("shop.unacked") == 1
        with alive.worker() as worker:
            until(lambda: alive.done(order) == [alive.name])
            until(lambda: not client.exists("shop.unacked", "shop.default"))
            worker.kill()
