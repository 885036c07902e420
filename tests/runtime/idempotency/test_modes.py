"""What each mode does with each ending of a run, on every store."""

# ruff: noqa: PT012  # what a guarded block does before it raises is the point

import time
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from runtime.errors import Busy, KeyConflict
from runtime.idempotency.sql import SqlStore
from runtime.settings import NAME

from .support import Kind, Postponed

KEEPING = ("transactional", "lease", "at-most-once")
CLAIMING = ("lease", "at-most-once")


@pytest.fixture(params=KEEPING)
def mode(request: pytest.FixtureRequest, kind: Kind) -> str:
    if request.param not in kind.store.modes:
        pytest.skip("a mode of SQL stores")
    return str(request.param)


def test_a_store_refuses_what_it_cannot_promise(kind: Kind, key: str) -> None:
    assert ("transactional" in kind.store.modes) == kind.sql
    for wrong in ["exactly-once", "_lease", "attempt", *({"transactional"} - set(kind.store.modes))]:
        with pytest.raises(ValueError, match="expected the mode to be one of"):
            kind.attempt(key, wrong)


def test_runs_are_counted_until_they_are_forgotten(kind: Kind, key: str) -> None:
    assert kind.store.runs(key) == 0
    kind.store.count_run(key, 1, 60)
    kind.store.count_run(key, 1, 60)
    assert kind.store.runs(key) == 2
    kind.store.count_run(key, -1, 60)
    assert kind.store.runs(key) == 1
    assert kind.store.runs(f"{key}:another") == 0
    kind.store.count_run(key, 1, 0.2)
    time.sleep(0.3)
    assert kind.store.runs(key) == 0
    kind.store.count_run(key, 1, 60)
    assert kind.store.runs(key) == 1


@pytest.mark.parametrize(
    "terms", [{"lease": 0}, {"retention": -1}, {"lease": float("inf")}, {"retention": float("nan")}]
)
def test_times_that_cannot_hold_are_refused(kind: Kind, key: str, terms: Any) -> None:
    with pytest.raises(ValueError, match="above 0 seconds"):
        kind.attempt(key, **terms)


def test_a_repeat_after_completion_does_nothing_and_returns_what_was_kept(kind: Kind, mode: str, key: str) -> None:
    result = {
        "id": uuid.uuid4(),
        "on": date(2026, 1, 2),
        "at": datetime(2026, 1, 2, 3, tzinfo=UTC),
        "sum": Decimal("1.10"),
    }
    first = kind.run(key, mode, result)
    again = kind.run(key, mode)
    other = kind.run(key, mode, owner="task-2")
    assert (first.done, again.done, other.done) == (False, True, True)
    assert again.result == other.result == result
    assert kind.effects(key) == 1


@pytest.mark.parametrize("result", [None, 0, "", [], False])
def test_a_result_that_is_empty_is_a_result(kind: Kind, mode: str, key: str, result: Any) -> None:
    kind.run(key, mode, result)
    assert kind.run(key, mode).result == result


def test_an_exception_frees_the_key(kind: Kind, mode: str, key: str) -> None:
    for owner in ("task-1", "task-1", "task-2"):
        with pytest.raises(KeyError), kind.attempt(key, mode, owner=owner) as attempt:
            assert not attempt.done
            raise KeyError
    assert kind.state(key) is None
    kind.run(key, mode, owner="task-3")
    assert kind.effects(key) == 1


def test_an_exit_frees_a_lease_and_counts_as_a_crash_at_most_once(kind: Kind, mode: str, key: str) -> None:
    with pytest.raises(SystemExit), kind.attempt(key, mode):
        raise SystemExit
    assert kind.run(key, mode).done == (mode == "at-most-once")


def test_a_result_that_is_no_json_is_an_exception_of_the_run(kind: Kind, mode: str, key: str) -> None:
    with pytest.raises(TypeError):
        kind.run(key, mode, object())
    assert kind.effects(key) == (0 if mode == "transactional" else 1)
    assert not kind.run(key, mode).done


@pytest.mark.parametrize("mode", CLAIMING)
def test_a_suspended_key_is_kept_for_its_owner(kind: Kind, mode: str, key: str) -> None:
    with pytest.raises(Postponed), kind.attempt(key, mode):
        raise Postponed
    with pytest.raises(Busy) as busy, kind.attempt(key, mode, owner="task-2"):
        pytest.fail("the key is its owner's")
    assert 20 < busy.value.retry_after <= 30
    assert not kind.run(key, mode, payload="as the retry says").done
    assert kind.run(key, mode, payload="as the retry says").done
    assert kind.effects(key) == 1


@pytest.mark.parametrize("mode", CLAIMING)
def test_a_suspension_ends_with_its_lease(kind: Kind, mode: str, key: str) -> None:
    with pytest.raises(Postponed), kind.attempt(key, mode, lease=0.2):
        raise Postponed
    time.sleep(0.3)
    assert not kind.run(key, mode, owner="task-2").done
    assert kind.run(key, mode, owner="task-1").done, "its retry comes late and finds the work done"
    assert kind.effects(key) == 1


def test_a_transaction_suspends_nothing(sql: Kind, key: str) -> None:
    with pytest.raises(Postponed), sql.attempt(key, "transactional") as attempt:
        sql.effect(attempt, key)
        raise Postponed
    assert (sql.state(key), sql.effects(key)) == (None, 0)
    assert not sql.run(key, "transactional", owner="task-2").done


@pytest.mark.parametrize("owner", ["task-1", "task-2"])
def test_a_delivery_meanwhile_is_told_when_to_come_back(kind: Kind, key: str, owner: str) -> None:
    with kind.attempt(key):
        with pytest.raises(Busy) as busy, kind.attempt(key, owner=owner):
            pytest.fail("one at a time, of the same task too")
        # A delivery of the same task is mostly a retry that has overtaken its own suspension.
        assert 0 < busy.value.retry_after <= (2 if owner == "task-1" else 30)
    assert kind.run(key, owner=owner).done


def test_a_delivery_during_a_transaction_is_told_when_to_come_back(sql: Kind, key: str) -> None:
    with sql.attempt(key, "transactional"):
        with pytest.raises(Busy) as busy, sql.attempt(key, "transactional"):
            pytest.fail("one at a time")
        assert 0 < busy.value.retry_after <= 2
    assert sql.run(key, "transactional").done


def test_at_most_once_skips_while_the_first_still_runs(kind: Kind, key: str) -> None:
    with kind.attempt(key, "at-most-once"):
        assert kind.run(key, "at-most-once").done
    assert kind.effects(key) == 0


def test_the_same_key_with_another_payload_is_an_error(kind: Kind, mode: str, key: str) -> None:
    kind.run(key, mode)
    for owner in ("task-1", "task-2"):
        with pytest.raises(KeyConflict, match=rf"{key} to stand for one payload.*done by task task-1"):
            kind.run(key, mode, owner=owner, payload="other")


def test_a_payload_is_compared_while_the_first_runs_and_while_it_is_suspended(kind: Kind, key: str) -> None:
    with pytest.raises(Postponed), kind.attempt(key):
        with pytest.raises(KeyConflict), kind.attempt(key, payload="other"):
            pytest.fail("another payload")
        raise Postponed
    with pytest.raises(KeyConflict), kind.attempt(key, owner="task-2", payload="other"):
        pytest.fail("another payload")


def test_natural_keeps_nothing_and_runs_each_time(kind: Kind, key: str) -> None:
    with kind.attempt(key, "natural"), kind.attempt(key, "natural", payload="other") as second:
        assert not second.done
    assert not kind.run(key, "natural", {"kept": False}).done
    assert kind.state(key) is None


def test_a_key_is_work_again_after_its_retention(kind: Kind, mode: str, key: str) -> None:
    began, retention = time.monotonic(), 0.5
    kind.run(key, mode, retention=retention)
    repeat = kind.run(key, mode, retention=retention)
    assert repeat.done or time.monotonic() - began > retention
    time.sleep(1.2 * retention)
    assert not kind.run(key, mode, payload="other").done
    assert kind.effects(key) == (2 if repeat.done else 3)


def test_purge_deletes_what_has_expired_and_nothing_else(sql: Kind, key: str) -> None:
    for number in range(3):
        sql.run(f"{key}-old-{number}", "lease", retention=0.01)
    sql.run(f"{key}-new", "lease", retention=60)
    store = sql.store
    assert isinstance(store, SqlStore)
    with sql.attempt(f"{key}-held", "lease"):
        time.sleep(0.05)
        assert store.purge() >= 3
        assert [sql.state(f"{key}-old-{n}") for n in range(3)] == [None] * 3
        assert (sql.state(f"{key}-new"), sql.state(f"{key}-held")) == ("done", "held")
    assert store.purge(now=time.time() + 3600) >= 2
    assert sql.state(f"{key}-new") is None


def test_redis_expires_every_key_by_itself(redis: Kind, key: str) -> None:
    with redis.attempt(f"{key}-held", lease=7):
        pass
    with pytest.raises(Postponed), redis.attempt(f"{key}-suspended", lease=7):
        raise Postponed
    redis.run(f"{key}-once", "at-most-once", retention=90)
    with redis.redis() as client, redis.attempt(f"{key}-running", lease=7):
        left = {name: client.pttl(f"{NAME}:key:{key}-{name}") for name in ("held", "suspended", "once", "running")}
    assert 50_000 < left["held"] <= 60_000
    assert 80_000 < left["once"] <= 90_000
    assert 0 < left["suspended"] <= 7000
    assert 0 < left["running"] <= 7000


@pytest.mark.parametrize(
    ("mode", "result", "trips"),
    [("lease", None, 2), ("lease", 1, 2), ("at-most-once", None, 1), ("at-most-once", 1, 2), ("natural", 1, 0)],
)
def test_a_run_costs_redis_these_round_trips(redis: Kind, key: str, mode: str, result: Any, trips: int) -> None:
    redis.run(f"{key}-warm", "lease")
    redis.run(f"{key}-warm-2", "at-most-once", 1)
    with redis.redis() as client:
        client.config_resetstat()
        redis.run(key, mode, result)
        called = {name: stats["calls"] for name, stats in client.info("commandstats").items()}
    assert sum(count for name, count in called.items() if name in ("cmdstat_evalsha", "cmdstat_eval")) == trips
    assert (
        not set(called) & {"cmdstat_ping", "cmdstat_hello", "cmdstat_script|load", "cmdstat_client|setinfo"}
        or trips == 0
    )


@pytest.mark.parametrize("odd", ["x" * 10_000, "ключ 🔑 \n {tag} %s :name", "'; DROP TABLE x; --"])
def test_any_text_is_a_key(kind: Kind, mode: str, odd: str) -> None:
    key = odd + uuid.uuid4().hex
    with kind.attempt(key, mode) as attempt:
        assert not attempt.done
    with kind.attempt(key, mode) as attempt:
        assert attempt.done
    with kind.attempt(key + "!", mode) as attempt:
        assert not attempt.done


def test_one_store_for_each_url(kind: Kind) -> None:
    assert kind.open(kind.url) is kind.store
    kind.store.ping()
