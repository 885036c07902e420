"""What each store does with a repeat, in each mode that it offers."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from runtime import Busy, KeyConflict
from runtime.idempotency import Attempt, Mode, Store
from runtime.idempotency.redis import RedisStore
from runtime.idempotency.sql import SqlStore

from .combinations import on

pytestmark = on("redis-redis", "redis-sql")


class Postponed(Exception):  # noqa: N818  # named as what it stands for
    """Stands for Celery's Retry."""


@pytest.fixture
def store(services: dict[str, str]) -> Iterator[Store]:
    url = services["RUNTIME_IDEMPOTENCY_URL"]
    store = RedisStore.open(url) if url.startswith("redis") else SqlStore.open(url)
    yield store
    store.close()


def keeping(store: Store, *without: Mode) -> Iterator[tuple[Mode, str]]:
    """The modes that keep a key, each with a new one."""
    for mode in store.modes:
        if mode not in ("natural", *without):
            yield mode, str(uuid.uuid4())


def attempt(store: Store, mode: Mode, key: str, owner: str = "task-1", payload: str = "payload") -> Any:
    return store.attempt(mode, key=key, owner=owner, fingerprint=payload, suspend_on=(Postponed,))


def run(store: Store, mode: Mode, key: str, owner: str = "task-1", payload: str = "payload") -> Attempt:
    with attempt(store, mode, key, owner, payload) as found:
        if not found.done:
            found.result = "first"
    seen: Attempt = found
    return seen


def test_the_modes_of_each_store(store: Store) -> None:
    common = ("lease", "at-most-once", "natural")
    assert store.modes == (("transactional", *common) if isinstance(store, SqlStore) else common)


def test_a_repeat_gets_the_first_result(store: Store) -> None:
    for mode, key in keeping(store):
        assert not run(store, mode, key).done
        assert (run(store, mode, key).done, run(store, mode, key, owner="task-2").result) == (True, "first"), mode


def test_a_run_that_raises_may_be_repeated(store: Store) -> None:
    for mode, key in keeping(store):
        with pytest.raises(KeyError), attempt(store, mode, key):
            raise KeyError
        assert not run(store, mode, key, owner="task-2").done, mode


def test_another_payload_under_the_same_key_is_refused(store: Store) -> None:
    for mode, key in keeping(store):
        run(store, mode, key)
        with pytest.raises(KeyConflict, match="stand for one payload"):
            run(store, mode, key, payload="other")


def test_a_retry_resumes_and_others_wait(store: Store) -> None:
    for mode, key in keeping(store, "transactional"):
        with pytest.raises(Postponed), attempt(store, mode, key):
            raise Postponed
        with pytest.raises(Busy) as busy:
            run(store, mode, key, owner="task-2")
        assert busy.value.retry_after > 0
        assert not run(store, mode, key, owner="task-1").done, mode


def test_a_second_delivery_of_a_running_task_waits(store: Store) -> None:
    key = str(uuid.uuid4())
    with attempt(store, "lease", key), pytest.raises(Busy):
        run(store, "lease", key)
    assert run(store, "lease", key).done


def test_natural_runs_each_time(store: Store) -> None:
    key = str(uuid.uuid4())
    assert [run(store, "natural", key).done for _ in range(2)] == [False, False]


def test_a_mode_that_the_store_does_not_have_is_refused(store: Store) -> None:
    unknown: Any = "exactly-twice"
    with pytest.raises(ValueError, match=", ".join(store.modes)):
        attempt(store, unknown, str(uuid.uuid4()))
