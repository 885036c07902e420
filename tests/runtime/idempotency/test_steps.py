"""The single steps of a store: each may be sent twice, none may touch what another claim holds."""

from typing import Any

import pytest
from redis.connection import Connection

from runtime.errors import Busy
from runtime.idempotency.claim import Claim, State

from .support import Interrupted, Kind


@pytest.fixture
def claim(key: str) -> Claim:
    return new(key)


def new(key: str, owner: str = "task-1", payload: str = "payload") -> Claim:
    return Claim.new(key, owner, payload, 30.0, 60.0)


@pytest.mark.parametrize("state", ["held", "done"])
def test_a_claim_that_is_sent_twice_is_taken_twice(kind: Kind, claim: Claim, state: State) -> None:
    assert kind.store.acquire(claim, state, 30.0) is None
    assert kind.store.acquire(claim, state, 30.0) is None
    assert kind.state(claim.key) == state


def test_a_completion_that_is_sent_twice_is_recorded_twice(kind: Kind, claim: Claim) -> None:
    kind.store.acquire(claim, "held", 30.0)
    kind.store.complete(claim, "1")
    kind.store.complete(claim, "1")
    assert kind.run(claim.key).result == 1


def test_a_release_that_is_sent_twice_does_not_free_the_next_claim(kind: Kind, claim: Claim) -> None:
    kind.store.acquire(claim, "held", 30.0)
    kind.store.release(claim)
    kind.store.acquire(new(claim.key), "held", 30.0)
    kind.store.release(claim)
    assert kind.state(claim.key) == "held"


def test_a_suspension_that_is_sent_twice_does_not_suspend_the_next_claim(kind: Kind, claim: Claim) -> None:
    kind.store.acquire(claim, "held", 30.0)
    kind.store.suspend(claim)
    kind.store.suspend(claim)
    assert kind.state(claim.key) == "suspended"
    kind.store.acquire(new(claim.key), "held", 30.0)
    kind.store.suspend(claim)
    assert kind.state(claim.key) == "held"


@pytest.mark.parametrize("end", ["complete", "suspend", "release", "taken over"])
def test_a_renewal_that_comes_late_changes_nothing(kind: Kind, claim: Claim, end: str) -> None:
    kind.store.acquire(claim, "held", 30.0)
    assert kind.store.renew(claim)
    if end == "complete":
        kind.store.complete(claim, None)
    elif end == "suspend":
        kind.store.suspend(claim)
    elif end == "release":
        kind.store.release(claim)
    else:
        kind.expire(claim.key)
        kind.store.acquire(new(claim.key), "held", 30.0)
    before = kind.state(claim.key)
    assert not kind.store.renew(claim)
    assert kind.state(claim.key) == before


def test_the_token_is_new_for_each_attempt_of_the_same_task(kind: Kind, claim: Claim) -> None:
    kind.store.acquire(claim, "held", 30.0)
    with pytest.raises(Busy):
        kind.store.acquire(new(claim.key), "held", 30.0)


@pytest.mark.parametrize("mode", ["lease", "at-most-once"])
def test_a_claim_that_was_taken_when_a_signal_struck_is_given_back(
    kind: Kind, key: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire = type(kind.store).acquire

    def struck(*arguments: Any) -> None:
        acquire(*arguments)
        raise Interrupted

    monkeypatch.setattr(type(kind.store), "acquire", struck)
    with pytest.raises(Interrupted), kind.attempt(key, mode):
        pytest.fail("it was interrupted before it began")
    assert kind.state(key) is None


def test_an_answer_that_a_signal_left_unread_is_not_taken_for_the_next(
    redis: Kind, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, fresh = f"{key}-done", f"{key}-fresh"
    redis.run(done)

    def struck(*_: Any, **__: Any) -> None:
        monkeypatch.undo()
        raise Interrupted

    with redis.redis() as client:
        client.execute_command("CLIENT", "PAUSE", "300", "ALL")  # the answer comes when the next request has been sent
    monkeypatch.setattr(Connection, "read_response", struck)
    with pytest.raises(Interrupted), redis.attempt(done):
        pytest.fail("it was done, and nobody has heard it")
    assert not redis.run(fresh).done
    assert redis.effects(fresh) == 1
