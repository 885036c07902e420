"""What a store tells of a key to those who only look: its state, and never that there is nothing between two states."""

# ruff: noqa: PT012  # what is seen before a guarded block raises is the point

import threading
import time

import pytest
from sqlalchemy.orm import Session

from runtime import outbox
from runtime.errors import StoreUnavailable
from runtime.idempotency.claim import Claim, Record, State
from runtime.idempotency.notes import note, noted
from runtime.idempotency.sql.database import engine_of

from .support import Kind, Postponed


def new(key: str, owner: str = "task-1") -> Claim:
    return Claim.new(key, owner, "payload", 30.0, 60.0)


@pytest.mark.parametrize("state", ["held", "done"])
def test_a_key_is_seen_in_its_state_with_its_owner(kind: Kind, key: str, state: State) -> None:
    assert kind.store.look(key) is None
    kind.store.acquire(new(key), state, 30.0)
    assert kind.store.look(key) == Record(state, "task-1")
    kind.expire(key)
    assert kind.store.look(key) is None


def test_a_result_and_a_suspension_are_seen(kind: Kind, key: str) -> None:
    with pytest.raises(Postponed), kind.attempt(key):
        raise Postponed
    assert kind.store.look(key) == Record("suspended", "task-1")
    kind.run(key, result={"total": 1})
    assert kind.store.look(key) == Record("done", "task-1", {"total": 1})


def test_a_long_key_is_found_under_what_stands_for_it(kind: Kind, key: str) -> None:
    long = key * 20
    kind.store.acquire(new(long), "done", 30.0)
    assert kind.store.look(long) == Record("done", "task-1")
    assert kind.store.look(long[:-1]) is None


def test_a_look_locks_nothing_and_leaves_the_key_as_it_was(kind: Kind, key: str) -> None:
    claim = new(key)
    kind.store.acquire(claim, "held", 30.0)
    kind.store.look(key)
    kind.store.complete(claim, None)
    assert kind.run(key).done


def test_an_open_transaction_is_seen_on_postgresql_and_waited_for_nowhere(sql: Kind, key: str) -> None:
    with pytest.raises(KeyError), sql.attempt(key, "transactional"):
        began = time.monotonic()
        assert sql.store.look(key) == (Record("held") if sql.name == "postgresql" else None)
        assert sql.store.look(f"another-{key}") is None
        assert time.monotonic() - began < 2
        raise KeyError
    assert sql.store.look(key) is None


@pytest.mark.parametrize("mode", ["lease", "transactional"])
def test_a_key_that_is_done_meanwhile_is_never_missed(real: Kind, key: str, mode: str) -> None:
    """From "held" to "done" there is nothing in between, however close the looks are."""
    seen: dict[str, list[str]] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for each, states in list(seen.items()):
                found = real.store.look(each)
                states.append(found.state if found else "")

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        for number in range(60):
            seen.clear()
            states: list[str] = []
            seen[f"{key}-{number}"] = states
            with real.attempt(f"{key}-{number}", mode):
                time.sleep(0.003)
            deadline = time.monotonic() + 10
            while (not states or states[-1] != "done") and time.monotonic() < deadline:
                time.sleep(0.001)
            assert states == sorted(states, key=["", "held", "done"].index), states
            assert states[-1] == "done"
    finally:
        over.set()
        watching.join()


def test_the_last_note_is_the_one_that_counts(kind: Kind, key: str) -> None:
    assert noted(kind.store, "tests.task", key) is None
    note(lambda: kind.store, "tests.task", key, "deferred", 60)
    note(lambda: kind.store, "tests.task", key, "dead", 60)
    assert noted(kind.store, "tests.task", key) == "dead"
    assert noted(kind.store, "tests.other", key) is None


def test_a_note_that_cannot_be_taken_is_a_line_of_the_log(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    note(lambda: kind.store, "tests.task", "\ud800", "dead", 60)
    assert "was not noted" in caplog.text


def test_a_store_that_is_away_says_so(real: Kind, key: str) -> None:
    gone = {
        "redis": "redis://127.0.0.1:1/0",
        "postgresql": "postgresql://nobody@127.0.0.1:1/none",
        "sqlite": f"sqlite:///{real.folder / 'missing' / 'store.db'}",
    }
    with pytest.raises(StoreUnavailable):
        real.open(gone[real.name]).look(key)


def test_the_outbox_is_looked_into(sql: Kind, key: str) -> None:
    with Session(engine_of(sql.url)) as session:
        outbox.publish(session, "tests.another", task_id=key)
        assert not sql.store.in_outbox(key)
        session.commit()
    assert sql.store.in_outbox(key)


def test_without_an_outbox_nothing_waits_there(redis: Kind, key: str) -> None:
    assert not redis.store.in_outbox(key)
