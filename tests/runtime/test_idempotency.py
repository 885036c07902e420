"""What the service's own store does with a repeat, in each mode that it offers."""

import uuid
from typing import Any

import pytest

from {{ package }}.idempotency import MODES, Attempt, Busy, KeyConflict, Mode, Store, open_store
from {{ package }}.settings import settings

KEEPING = [mode for mode in MODES if mode != "natural"]


class Postponed(Exception):  # noqa: N818  # named as what it stands for
    """Stands for Celery's Retry."""


@pytest.fixture
def store() -> Store:
    return open_store(settings().require("idempotency_url"))


@pytest.fixture
def key() -> str:
    return str(uuid.uuid4())


def attempt(store: Store, mode: Mode, key: str, owner: str = "task-1", payload: str = "payload") -> Any:
    return store.attempt(mode, key=key, owner=owner, fingerprint=payload, suspend_on=(Postponed,))


def run(store: Store, mode: Mode, key: str, owner: str = "task-1", payload: str = "payload") -> Attempt:
    with attempt(store, mode, key, owner, payload) as found:
        if not found.done:
            found.result = "first"
    seen: Attempt = found
    return seen


@pytest.mark.parametrize("mode", KEEPING)
def test_a_repeat_gets_the_first_result(store: Store, mode: Mode, key: str) -> None:
    assert not run(store, mode, key).done
    assert (run(store, mode, key).done, run(store, mode, key, owner="task-2").result) == (True, "first")


@pytest.mark.parametrize("mode", KEEPING)
def test_a_run_that_raises_may_be_repeated(store: Store, mode: Mode, key: str) -> None:
    with pytest.raises(KeyError), attempt(store, mode, key):
        raise KeyError
    assert not run(store, mode, key, owner="task-2").done


@pytest.mark.parametrize("mode", KEEPING)
def test_another_payload_under_the_same_key_is_refused(store: Store, mode: Mode, key: str) -> None:
    run(store, mode, key)
    with pytest.raises(KeyConflict, match="stand for one payload"):
        run(store, mode, key, payload="other")


@pytest.mark.parametrize("mode", [mode for mode in KEEPING if mode != "transactional"])
def test_a_retry_resumes_and_others_wait(store: Store, mode: Mode, key: str) -> None:
    with pytest.raises(Postponed), attempt(store, mode, key):
        raise Postponed
    with pytest.raises(Busy) as busy:
        run(store, mode, key, owner="task-2")
    assert busy.value.retry_after > 0
    assert not run(store, mode, key, owner="task-1").done


def test_a_second_delivery_of_a_running_task_waits(store: Store, key: str) -> None:
    with attempt(store, "lease", key), pytest.raises(Busy):
        run(store, "lease", key)
    assert run(store, "lease", key).done


def test_natural_runs_each_time(store: Store, key: str) -> None:
    assert [run(store, "natural", key).done for _ in range(2)] == [False, False]


def test_a_mode_that_the_store_does_not_have_is_refused(store: Store, key: str) -> None:
    unknown: Any = "exactly-twice"
    with pytest.raises(ValueError, match=", ".join(MODES)):
        attempt(store, unknown, key)
